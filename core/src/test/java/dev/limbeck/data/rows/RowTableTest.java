package dev.limbeck.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowTableTest {
    @TempDir
    Path home;

    private final List<String> said = new ArrayList<>();

    private RowTable read(String name, String text) throws IOException {
        return RowTable.read(Files.writeString(home.resolve(name), text), Set.of("?"), said::add);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "a.csv@a,b|1,x y|2,?",
                "a.csv@a, b|1, x y|2,?",
                "a.csv@a;b|1;x y|2;?",
                "a.tsv@a\tb|1\tx y|2\t?",
                "a.jsonl@{\"a\":1,\"b\":\"x y\"}|{\"a\":2}",
                "a.ndjson@{\"a\":1,\"b\":\"x y\"}|{\"b\":null,\"a\":2}"
            })
    void cellsAreThoseOfTheFile(String name, String lines) throws IOException {
        RowTable table = read(name, lines.replace('|', '\n') + "\n");
        assertThat(table.header()).containsExactly("a", "b");
        assertThat(table.rows()).containsExactly(new String[] {"1", "x y"}, new String[] {"2", ""});
        assertThat(said).hasSize(lines.contains(";") ? 1 : 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {",a\n0,x\n", "\"\",a\n0,x\n", ";a\n0;x\n", "\ta\n0\tx\n"})
    void aFirstColumnMayHaveNoName(String text) throws IOException {
        RowTable table = read("frame.csv", text);
        assertThat(table.header()).containsExactly("Unnamed: 0", "a");
        assertThat(table.rows()).containsExactly(new String[] {"0", "x"});
        assertThat(said)
                .contains(home.resolve("frame.csv") + ": the first column has no name; it is called 'Unnamed: 0'");
    }

    @Test
    void compressedFilesAndLinesOfTextAreRead() throws IOException {
        Path file = home.resolve("more.txt.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("first text\n\n second, text \n".getBytes(StandardCharsets.UTF_8));
        }
        RowTable table = RowTable.read(file, Set.of(), said::add);
        assertThat(table.header()).containsExactly("text");
        assertThat(table.rows()).containsExactly(new String[] {"first text"}, new String[] {"second, text"});
        assertThat(said).containsExactly(file + ": each line is a text, 2 in all; empty lines are left out: 1");
    }

    /** Each prediction belongs to its row. */
    @Test
    void emptyLinesOfOneColumnAreRows() throws IOException {
        RowTable table = read("one.csv", "\n\ntext\nfirst\n\n\"\"\nlast\n");
        assertThat(table.header()).containsExactly("text");
        assertThat(table.rows()).extracting(row -> row[0]).containsExactly("first", "", "", "last");
        assertThat(said).containsExactly(home.resolve("one.csv") + ": 2 of 4 rows are empty, such as row 2");
    }

    @Test
    void emptyLinesOfSeveralColumnsAreNone() throws IOException {
        RowTable table = read("two.csv", "\na;b\n1;2\n\n3;4\n\n");
        assertThat(table.header()).containsExactly("a", "b");
        assertThat(table.rows()).containsExactly(new String[] {"1", "2"}, new String[] {"3", "4"});
        assertThatThrownBy(() -> read("two.csv", "\na,b\n1,2\n\n3\n")).hasMessageContaining("line 5 has 1 cells");
    }

    /** A quote that begins a cell by mistake swallows lines up to the next quote. */
    @ParameterizedTest
    @ValueSource(strings = {"a.tsv", "a.csv"})
    void cellsOfSeveralLinesAreSaid(String name) throws IOException {
        String text = "a,b\n1,x\n2,\"y\n3,z\n4,w\"\n5,\"u\r\nv\"\n".replace(',', name.equals("a.tsv") ? '\t' : ',');
        assertThat(read(name, text).rows()).hasSize(3);
        assertThat(said)
                .containsExactly(home.resolve(name) + ": 2 cells span several lines, such as one of row 2; if they "
                        + "should not, write quotes twice, within quotes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "a.csv@a,b|1,2,3@line 2 has 3 cells, the header 2",
                "a.csv@a,b|1,\"2|3@reached before encapsulated token finished); end each cell that begins with a quote by one",
                "a.tsv@a,b|\"1\"x\t3@end each cell that begins with a quote by one, and write quotes in it twice",
                "a.csv@a,a|1,2@must name each column once",
                "a.csv@a,,b|1,2,3@must name each column once",
                "a.csv@,a,|1,2,3@must name each column once",
                "a.csv@,a,Unnamed: 0|1,2,3@must name each column once",
                "a.csv@a,b@has no rows; expected a header and rows",
                "a.txt@ |@has no texts; expected one a line",
                "a.jsonl@{\"a\":1}|[1]@line 2 must be a JSON object",
                "a.jsonl@{\"a\":1}|{@line 2 must be one JSON object with different keys (Unexpected end-of-input",
                "a.jsonl@{\"a\":1} {\"a\":2}@line 1 must be one JSON object with different keys (Trailing token",
                "a.jsonl@{\"a\":1,\"a\":2}@line 1 must be one JSON object with different keys (Duplicate"
            })
    void whatIsDamagedIsOneLine(String name, String lines, String message) {
        assertThatThrownBy(() -> read(name, lines.replace('|', '\n') + "\n"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(home.resolve(name) + ": ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aFileThatUnpacksToFarMoreIsOneLine() throws IOException {
        Path file = home.resolve("bomb.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            byte[] line = "1,2\n".repeat(1 << 14).getBytes(StandardCharsets.UTF_8);
            out.write("a,b\n".getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 1000; i++) out.write(line);
        }
        assertThatThrownBy(() -> RowTable.read(file, Set.of(), said::add))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("unpacks to more than 200 times its size")
                .hasMessageContaining(Limit.TABLE_GROWTH.advice());
    }

    @Test
    void otherEncodingsAndColumnsAreOneLine() throws IOException {
        Path latin = Files.write(home.resolve("latin.csv"), "a,b\nä,1\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> RowTable.read(latin, Set.of(), said::add))
                .hasMessage(latin + ": is not UTF-8 text; save it in UTF-8");
        RowTable table = read("a.csv", "text,label\nx,y\n");
        assertThatThrownBy(() -> table.columns(List.of("txt")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("'txt'")
                .hasMessageContaining("text");
    }

    /** The jar that reads these files is not on this module's class path. */
    @Test
    void aFileOfAnArtifactThatIsMissingNamesIt() throws IOException {
        for (String name : List.of("rows.parquet", "rows.sql")) {
            assertThat(RowTable.isNamedSo(Path.of(name))).isTrue();
            Path file = Files.writeString(home.resolve(name), "x");
            assertThatThrownBy(() -> RowTable.read(file, Set.of(), said::add))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("there is no reader for " + file
                            + ": put limbeck-duckdb on the class path, or save it as CSV");
        }
    }
}
