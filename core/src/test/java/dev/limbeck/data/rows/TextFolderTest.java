package dev.limbeck.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test folders of plain texts. */
class TextFolderTest {
    @TempDir
    Path home;

    private final List<String> lines = new ArrayList<>();

    private Path write(String file, String text) throws IOException {
        Path path = home.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    private Rows read() {
        return Rows.read(home, null, null, List.of(TextFolder.CLASS), Task.Kind.SINGLE_LABEL, Set.of(), lines::add);
    }

    @Test
    void foldersAreClasses() throws IOException {
        write("pos/b.txt", "\ufefffine,\n\"indeed\"\n");
        write("pos/a.txt", "good");
        write("neg/1.TXT", "bad");
        write("neg/2.txt", "worse");
        write("neg/notes.md", "nothing");
        write(".git/config.txt", "nothing");
        write("readme.txt", "nothing");
        assertThat(TextFolder.isAt(home)).isTrue();
        Rows rows = read();
        assertThat(rows.classNames()).containsExactly("neg", "pos");
        assertThat(rows.header()).containsExactly("text");
        assertThat(IntStream.range(0, rows.size()).mapToObj(rows::name))
                .containsExactly("neg/1.TXT", "neg/2.txt", "pos/a.txt", "pos/b.txt");
        assertThat(rows.cells(3)).containsExactly("fine,\n\"indeed\"");
        assertThat(IntStream.range(0, 4).map(rows::label)).containsExactly(0, 0, 1, 1);
        assertThat(lines)
                .containsExactly(
                        "2 files and folders in " + home + " are no texts of a class (<class>/*.txt) and are left out");
    }

    @Test
    void foldersOfSplitsAndTextsWithoutLabelsAreKnown() throws IOException {
        for (String split : List.of("train", "test")) {
            write(split + "/pos/1.txt", "good " + split);
            write(split + "/neg/1.txt", "bad " + split);
        }
        write("train/unsup/1.txt", "what");
        write("extra/1.txt", "nothing");
        write("vocabulary.txt", "nothing");
        Rows rows = read();
        assertThat(IntStream.range(0, rows.size()).mapToObj(row -> rows.name(row) + " " + rows.label(row)))
                .containsExactly(
                        "train/neg/1.txt 0",
                        "train/pos/1.txt 1",
                        "train/unsup/1.txt -1",
                        "test/neg/1.txt 0",
                        "test/pos/1.txt 1");
        assertThat(rows.split(2)).isEqualTo(Split.TRAIN);
        assertThat(rows.split(3)).isEqualTo(Split.TEST);
        assertThat(lines)
                .containsExactly("2 files and folders in " + home
                        + " are no folders of splits and are left out, such as 'extra'");
    }

    @Test
    void recipesFindThem() throws IOException {
        write("pos/1.txt", "good");
        write("neg/1.txt", "bad");
        Recipe recipe = Recipe.parse("data: {source: '" + home + "'}\nstudent: bag-4\n");
        assertThat(recipe.data().kind()).isEqualTo("text");
    }

    @Test
    void foldersOfImagesWithNotesAreNoTexts() throws IOException {
        write("cat/1.png", "");
        write("cat/1.txt", "a caption");
        assertThat(TextFolder.isAt(home)).isFalse();
        assertThat(TextFolder.isAt(home.resolve("none"))).isFalse();
    }

    @Test
    void badFilesAreNamed() throws IOException {
        write("pos/1.txt", "good");
        Path latin = Files.write(home.resolve("pos/2.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(this::read)
                .isInstanceOf(LimbeckException.class)
                .hasMessage(latin + ": is not UTF-8 text; save it in UTF-8");
        Files.write(latin, new byte[17 << 20]);
        assertThatThrownBy(this::read)
                .hasMessage(latin
                        + ": must have at most 16 MB as one text, found 17 MB; put its texts into files of their own");
        Files.delete(latin);
        write("valid/pos/1.txt", "good");
        assertThatThrownBy(this::read)
                .hasMessage(home + " must have a folder of training texts, such as train, found [valid]");
    }
}
