package dev.limbeck.data.image;

import java.io.IOException;
import java.nio.file.Path;

/** Write folders of small pictures, one color per class, for tests that train on files. */
public final class PicturesForTests {
    private PicturesForTests() {}

    /** Write {@code count} pictures for each class, in a folder per class. */
    public static void write(Path folder, int count, String... classes) throws IOException {
        for (int label = 0; label < classes.length; label++) {
            for (int i = 0; i < count; i++) {
                int color = 0x203040 * (label + 1) + 0x030201 * i;
                TestImages.write(folder.resolve(classes[label]).resolve("p" + i + ".png"), color & 0xffffff);
            }
        }
    }
}
