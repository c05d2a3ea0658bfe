package dev.limbeck.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test what may be given to a model of texts or tables. */
class RowInputsTest {
    private static final RowEncoding TEXTS = new TextEncoding(TextPreprocessing.of("review"));
    private static final RowEncoding TABLE = new TableEncoding(TablePreprocessing.fit(
            List.of("size", "color"),
            List.of(new String[] {"1", "red"}, new String[] {"2", "blue"}),
            Set.of(),
            Set.of(),
            line -> {}));

    @TempDir
    Path home;

    private final List<String> said = new ArrayList<>();

    private String write(String file, String text) throws IOException {
        Path path = home.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text).toString();
    }

    private RowInputs read(RowEncoding encoding, String... inputs) {
        return RowInputs.read(List.of(inputs), encoding, said::add);
    }

    private void isRead(RowInputs found, List<String> names, String... texts) {
        assertThat(found.names()).containsExactlyElementsOf(names);
        assertThat(found.rows()).hasSize(texts.length);
        for (int i = 0; i < texts.length; i++) {
            assertThat(found.rows().get(i).ids())
                    .as(texts[i])
                    .containsExactly(TEXTS.encode(texts[i]).ids());
        }
    }

    @Test
    void textsLinesAndTablesOfTextsAreRead() throws IOException {
        String lines = write("a b/lines.txt", "a fine day\n\nbad weather\n");
        String table = write("a b/table.csv", "id,review\n1,\"well, well\"\n");
        isRead(
                read(TEXTS, "see lines.txt", lines, table),
                List.of("see lines.txt", lines + " row 1", lines + " row 2", table + " row 1"),
                "see lines.txt",
                "a fine day",
                "bad weather",
                "well, well");
        assertThat(said).containsExactly(lines + ": each line is a text, 2 in all; empty lines are left out: 1");
    }

    /** Texts of files are stripped, and a tokenizer of bytes has tokens for spaces. */
    @Test
    void spacesAroundATextAreNotRead() {
        List<String> seen = new ArrayList<>();
        Tokenizer bytes = new Tokenizer() {
            @Override
            public Kind kind() {
                return Kind.TOKENS;
            }

            @Override
            public int most() {
                return 8;
            }

            @Override
            public Tokenizer withMost(int other) {
                return this;
            }

            @Override
            public int size() {
                return 256;
            }

            @Override
            public long pad() {
                return 0;
            }

            @Override
            public long[] encode(String text) {
                seen.add(text);
                return new long[] {1};
            }

            @Override
            public Map<String, String> toMetadata() {
                return Map.of();
            }

            @Override
            public String identity() {
                return "bytes";
            }
        };
        read(new TextEncoding(new TextPreprocessing("review", bytes)), " a fine day\n");
        assertThat(seen).containsExactly("a fine day");
    }

    /** A file of a folder is one text, whatever its lines, and however deep it lies. */
    @Test
    void foldersOfTextsAreRead() throws IOException {
        String second = write("letters/b/2024/1.txt", "two\nlines");
        String first = write("letters/a.txt", "\ufefffine\n");
        write("letters/notes.md", "nothing");
        write("letters/.trash/old.txt", "nothing");
        String folder = home.resolve("letters").toString();
        isRead(read(TEXTS, folder), List.of(first, second), "fine", "two\nlines");
        assertThat(said).containsExactly(folder + ": each .txt file is a text, 2 in all; other files are left out: 1");
    }

    @Test
    void rowsArePredictedInOrderAndBatches() throws IOException {
        StringBuilder rows = new StringBuilder("color,size\n");
        for (int i = 0; i < 600; i++) rows.append("red,").append(i).append('\n');
        RowInputs found = read(TABLE, write("rows.csv", rows.toString()));
        List<Integer> batches = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Float> sizes = new ArrayList<>();
        found.predict(
                batch -> {
                    assertThat(sizes).as("given as soon as their batch is done").hasSize(256 * batches.size());
                    batches.add(batch.size());
                    return batch.stream().map(row -> row.numbers()[0]).toList();
                },
                (name, size) -> {
                    names.add(name);
                    sizes.add(size);
                });
        assertThat(names).isEqualTo(found.names());
        assertThat(batches).containsExactly(256, 256, 88);
        assertThat(found.examples()).hasSize(256);
        assertThat(sizes)
                .containsExactlyElementsOf(IntStream.range(0, 600)
                        .mapToObj(i -> TABLE.encode("" + i, "red").numbers()[0])
                        .toList());
    }

    @Test
    void wordsThatTheModelDoesNotKnowAreSaid() throws IOException {
        String file = write("rows.csv", "color,size\nred,1\nRed,2\n");
        read(TABLE, file);
        assertThat(said)
                .containsExactly(file + ": the column 'color' has 1 of 2 cells that training did not have, such as "
                        + "'Red'; they count as one unknown word");
    }

    @Test
    void whatIsNeitherIsOneLine() throws IOException {
        String folder = home.resolve("letters").toString();
        write("letters/a.md", "nothing");
        refused(TEXTS, folder, folder + " must have texts, one a file (*.txt), found 1 other files");
        refused(TABLE, folder, folder + " is not a file of rows; expected a table");
        refused(TEXTS, "none.csv", "no file of rows none.csv; expected");
        refused(TABLE, "a fine day", "no file of rows a fine day; expected");
        refused(TEXTS, " ", "a text to predict must not be empty");
        String bad = write("bad.csv", "size,color\n1,red\nx,red\n");
        refused(TABLE, bad, bad + " row 2: the column 'size' must have finite numbers, found 'x'");
        String lines = write("lines.txt", "red\n");
        refused(TABLE, lines, "no column 'size' in " + lines);
    }

    private void refused(RowEncoding encoding, String input, String message) {
        assertThatThrownBy(() -> read(encoding, input))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
    }
}
