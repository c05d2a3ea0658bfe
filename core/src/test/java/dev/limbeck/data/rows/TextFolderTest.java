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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        return Rows.read(RowFiles.of(home), List.of(TextFolder.CLASS), Task.Kind.SINGLE_LABEL, Set.of(), lines::add);
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
    void foldersThatAreCalledLikeNoSplitAreNamed() throws IOException {
        write("train_reviews/pos/1.txt", "good");
        write("test_reviews/pos/1.txt", "good");
        assertThatThrownBy(this::read)
                .hasMessage(home + " must have a file of training rows, such as train.csv, or folders of texts, "
                        + "train/<class>/*.txt, found 'test_reviews', 'train_reviews'");
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

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "train bus car,'train' in HOME is a class",
                "Test exam,'Test' in HOME is a class",
                "dev test valid exam,\"'dev', 'test', 'valid' in HOME are classes\""
            })
    void classesMayBeCalledLikeSplits(String folders, String said) throws IOException {
        for (String folder : folders.split(" ")) write(folder + "/1.txt", "text");
        assertThat(TextFolder.isAt(home)).isTrue();
        Rows rows = read();
        assertThat(rows.classNames()).containsExactlyInAnyOrder(folders.split(" "));
        assertThat(IntStream.range(0, rows.size()).mapToObj(rows::split)).containsOnly(Split.TRAIN);
        assertThat(lines)
                .containsExactly(said.replace("HOME", home.toString())
                        + ", since texts are directly inside; a split has folders of classes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"train test", "train test bus", "valid test", "train", "train unsup"})
    void foldersThatMayBeSplitsOrClassesAreRefused(String folders) throws IOException {
        for (String folder : folders.split(" ")) write(folder + "/1.txt", "text");
        assertThat(TextFolder.isAt(home)).isTrue();
        assertThatThrownBy(this::read)
                .isInstanceOf(LimbeckException.class)
                .hasMessageMatching(
                        "\\Q" + home + "\\E has texts directly in '.*', which are called like splits; put the "
                                + "texts of splits into folders of classes, such as train/<class>/, or give classes other names");
    }

    @Test
    void splitsMayBeInUpperCase() throws IOException {
        write("Train/pos/1.txt", "good");
        write("Train/neg/1.txt", "bad");
        write("TEST/pos/1.txt", "fine");
        assertThat(read().split(2)).isEqualTo(Split.TEST);
    }

    private Rows read(String source, String test, String unlabeled, String... labels) {
        RowFiles files = new RowFiles(
                home.resolve(source),
                test == null ? null : home.resolve(test),
                unlabeled == null ? null : home.resolve(unlabeled),
                "review");
        return Rows.read(files, List.of(labels), Task.Kind.SINGLE_LABEL, Set.of(), lines::add);
    }

    private static List<String> shown(Rows rows) {
        return IntStream.range(0, rows.size())
                .mapToObj(row -> rows.split(row).label() + " " + rows.name(row) + " " + rows.label(row) + " "
                        + rows.cells(row)[rows.header().indexOf("review")])
                .toList();
    }

    /** The column of a table has another name than a folder's; rows are the same in either form. */
    @Test
    void testSplitsAndTextsWithoutLabelsAreFolders() throws IOException {
        write("rows.csv", "id,review,mood\n1,good,pos\n2,bad,neg\n");
        write("held-out/pos/1.txt", "fine");
        write("held-out/neg/1.txt", "poor");
        write("held-out/unknown/1.txt", "what");
        write("more/b.txt", "two\nlines");
        write("more/a/deep/1.txt", "one");
        write("more/notes.md", "nothing");
        write("lines.txt", "three\nfour\n");
        assertThat(shown(read("rows.csv", "held-out", "more", "mood")))
                .containsExactly(
                        "train rows.csv row 1 1 good",
                        "train rows.csv row 2 0 bad",
                        "test held-out/neg/1.txt 0 poor",
                        "test held-out/pos/1.txt 1 fine",
                        "test held-out/unknown/1.txt -1 what",
                        "train " + home.resolve("more/a/deep/1.txt") + " -1 one",
                        "train " + home.resolve("more/b.txt") + " -1 two\nlines");
        assertThat(lines)
                .containsExactly(
                        home.resolve("more") + ": each .txt file is a text, 2 in all; other files are left out: 1");
        assertThat(shown(read("rows.csv", null, "lines.txt", "mood")))
                .contains("train lines.txt row 1 -1 three", "train lines.txt row 2 -1 four");
    }

    @Test
    void foldersThatAreNoTestSplitsAreOneLine() throws IOException {
        write("rows.csv", "review,mood,tone\ngood,pos,a\nbad,neg,b\n");
        write("whole/train/pos/1.txt", "fine");
        write("whole/test/pos/1.txt", "fine");
        Path whole = home.resolve("whole");
        assertThatThrownBy(() -> read("rows.csv", "whole", null, "mood"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(whole + " must have folders of classes, found the split 'test'; name one split, such as "
                        + whole.resolve("test"));
        assertThatThrownBy(() -> read("rows.csv", "whole/test", null, "mood", "tone"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("has one class a text, the name of its folder, found the label columns");
        assertThatThrownBy(() -> read("rows.csv", null, "whole/test/none", "mood"))
                .hasMessageContaining("no such file");
        Path empty = Files.createDirectories(home.resolve("empty"));
        assertThatThrownBy(() -> read("rows.csv", null, "empty", "mood"))
                .hasMessage(empty + " must have texts, one a file (*.txt), found 0 other files");
        RowFiles table = new RowFiles(home.resolve("rows.csv"), null, empty, null);
        assertThatThrownBy(() -> Rows.read(table, List.of("mood"), null, Set.of(), lines::add))
                .hasMessage(empty + ": is a folder; expected a file");
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
