package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test the class and split of images that several links lead to. */
class FolderLinksTest {
    @TempDir
    Path folder;

    private void write(String... names) throws IOException {
        for (String name : names) TestImages.write(folder.resolve(name), 0x808080);
    }

    private void classes(String split) throws IOException {
        write(split + "/cat/1.png", split + "/dog/2.png");
    }

    private ImageFolder images() {
        return ImageFolder.of(folder);
    }

    /** Return the split of the images of each top folder. */
    private Map<String, Split> splits() {
        ImageFolder source = images();
        Map<String, Split> splits = new TreeMap<>();
        for (int i = 0; i < source.size(); i++) {
            splits.put(source.name(i).replaceFirst("/.*", ""), source.split(i));
        }
        assertThat(source.classNames()).containsExactly("cat", "dog");
        return splits;
    }

    /** Link the classes of a split to folders elsewhere, directly or through a folder of links. */
    private void linkClasses(Path elsewhere, String split) throws IOException {
        for (String name : new String[] {"cat", "dog"}) {
            Files.createDirectories(folder.resolve(split));
            Files.createSymbolicLink(folder.resolve(split).resolve(name), elsewhere.resolve(name));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".old", "backup", "a/b", "zip"})
    void aLinkedFolderBelongsToThePlaceThatIsUsed(String other, @TempDir Path elsewhere) throws IOException {
        for (String name : new String[] {"cat/1.png", "cat/2.png", "dog/1.png"}) {
            TestImages.write(elsewhere.resolve(name), 0x102030);
        }
        linkClasses(elsewhere, other);
        linkClasses(elsewhere, "train");
        ImageFolder source = images();
        assertThat(source.size()).isEqualTo(3);
        assertThat(source.classNames()).containsExactly("cat", "dog");
        assertThat(source.leftOut()).hasSize(3).noneMatch(file -> file.reason().stops());
        classes("valid");
        assertThat(splits()).isEqualTo(Map.of("train", Split.TRAIN, "valid", Split.VALID));
        assertThat(images().leftOut())
                .hasSize(3)
                .noneMatch(file -> file.reason().stops());
    }

    @Test
    void linksBehindLinksBelongToThePlaceThatIsUsedToo(@TempDir Path elsewhere) throws IOException {
        for (String name : new String[] {"cat/1.png", "dog/1.png"}) {
            TestImages.write(elsewhere.resolve(name), 0x102030);
        }
        for (String set : new String[] {"one", "two"}) {
            Path links = Files.createDirectories(elsewhere.resolve(set));
            Files.createSymbolicLink(links.resolve("cat"), elsewhere.resolve("cat"));
            Files.createSymbolicLink(links.resolve("dog"), elsewhere.resolve("dog"));
        }
        classes("valid");
        Files.createSymbolicLink(folder.resolve("backup"), elsewhere.resolve("one"));
        Files.createSymbolicLink(folder.resolve("train"), elsewhere.resolve("two"));
        assertThat(splits()).isEqualTo(Map.of("train", Split.TRAIN, "valid", Split.VALID));
        assertThat(images().leftOut())
                .hasSize(2)
                .noneMatch(file -> file.reason().stops());
    }

    @Test
    void imagesThatTheSplitsLinkToAreUsed() throws IOException {
        write("raw/a.png", "raw/b.png", "raw/c.png");
        Files.createDirectories(folder.resolve("train/cat"));
        Files.createDirectories(folder.resolve("train/dog"));
        Files.createSymbolicLink(folder.resolve("train/cat/1.png"), folder.resolve("raw/a.png"));
        Files.createSymbolicLink(folder.resolve("train/dog/1.png"), folder.resolve("raw/b.png"));
        ImageFolder source = images();
        assertThat(source.size()).isEqualTo(2);
        assertThat(source.warnings()).containsExactly("images beside the splits are not used: 1 in 'raw'");
        assertThat(SkippedFile.counts(source.leftOut())).isEqualTo(Map.of("unused", 1));
    }
}
