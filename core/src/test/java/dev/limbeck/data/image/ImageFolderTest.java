package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path folder;

    private void write(String... names) throws IOException {
        for (String name : names) TestImages.write(folder.resolve(name), 0x808080);
    }

    private static List<String> names(ImageSource source) {
        return IntStream.range(0, source.size()).mapToObj(source::name).toList();
    }

    @Test
    void takesFoldersAsClasses() throws IOException {
        write("dog/b.png", "dog/a.jpg", "cat/deep/c.PNG", "cat/z.JPEG", "cat/y.gif", "bird/x.bmp");
        Files.writeString(folder.resolve("dog/readme.txt"), "no image");
        ImageFolder source = ImageFolder.of(folder);
        assertThat(source.classNames()).containsExactly("bird", "cat", "dog");
        assertThat(names(source))
                .containsExactly("bird/x.bmp", "cat/deep/c.PNG", "cat/y.gif", "cat/z.JPEG", "dog/a.jpg", "dog/b.png");
        assertThat(IntStream.range(0, 6).map(source::label)).containsExactly(0, 1, 1, 1, 2, 2);
        assertThat(IntStream.range(0, 6).mapToObj(source::split)).containsOnly(Split.TRAIN);
        assertThat(source.load(1).width()).isEqualTo(12);
        assertThat(source.signature(5)).isEqualTo(Files.size(folder.resolve("dog/b.png")));
    }

    @Test
    void takesSplitFolders() throws IOException {
        write("Train/a/1.png", "Train/b/2.png", "val/a/3.png", "test/b/4.png", "test/5.png", "other/6.png");
        ImageFolder source = ImageFolder.of(folder);
        assertThat(source.classNames()).containsExactly("a", "b");
        assertThat(names(source))
                .containsExactly("Train/a/1.png", "Train/b/2.png", "test/5.png", "test/b/4.png", "val/a/3.png");
        assertThat(IntStream.range(0, 5).mapToObj(source::split))
                .containsExactly(Split.TRAIN, Split.TRAIN, Split.TEST, Split.TEST, Split.VALID);
        assertThat(IntStream.range(0, 5).map(source::label)).containsExactly(0, 1, -1, 1, 0);
    }

    @Test
    void aFolderTestWithoutTrainIsAClass() throws IOException {
        write("test/1.png", "exam/2.png");
        assertThat(ImageFolder.of(folder).classNames()).containsExactly("exam", "test");
    }

    @Test
    void ignoresHiddenFiles() throws IOException {
        write("a/1.png", "a/.2.png", ".git/3.png", "__MACOSX/4.png", "b/5.png");
        assertThat(names(ImageFolder.of(folder))).containsExactly("a/1.png", "b/5.png");
    }

    @Test
    void stepsIntoALoneFolder() throws IOException {
        write("pets/images/Bella_1.png", "pets/images/rex_2.png");
        ImageFolder source = ImageFolder.of(folder);
        assertThat(names(source)).containsExactly("Bella_1.png", "rex_2.png");
        assertThat(source.classNames()).isEmpty();
        assertThat(source.label(0)).isEqualTo(-1);
    }

    @Test
    void saysWhatIsWrongInOneLine() throws IOException {
        assertThatThrownBy(() -> ImageFolder.of(folder.resolve("nowhere")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("no folder " + folder.resolve("nowhere") + "; give one that holds images");
        assertThatThrownBy(() -> ImageFolder.of(folder))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("no images in " + folder + "; expected PNG, JPEG, BMP, GIF, WebP or TIFF files");
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> ImageFolder.of(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected a folder");
    }
}
