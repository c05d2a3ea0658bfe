package dev.limbeck.duckdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.cli.Main;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test Parquet files and queries; DuckDB writes the files. */
class DuckDbTest {
    private static final String ROWS =
            "select i as id, i * 0.37 as size, case when i % 3 = 0 then null else i / 7 end as gap, "
                    + "['red', 'blue', 'a, b'][i % 3 + 1] as color, date '2024-01-30' + i::int as day, "
                    + "timestamp '2024-01-30 10:00:00' + interval (i) hour as at, (i * 1.25)::decimal(9, 2) as price, i % 2 = 0 as even, "
                    + "(i * 1.1)::float as single, case when i % 5 > 2 then 'yes' else 'no' end as label from range(60) t(i)";

    @TempDir
    Path home;

    private final List<String> said = new ArrayList<>();

    private void duck(String database, String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:" + database, DuckTable.settings());
                Statement statement = connection.createStatement()) {
            for (String one : statements) statement.execute(one.replace("$", home.toString()));
        }
    }

    private RowTable read(String name) {
        return RowTable.read(home.resolve(name), Set.of("?"), said::add);
    }

    private AbstractThrowableAssert<?, ?> refused(String name, String message) {
        return assertThatThrownBy(() -> read(name))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    private RowData data(String name) {
        Rows rows = Rows.read(
                RowFiles.of(home.resolve(name)), List.of("label"), Task.Kind.SINGLE_LABEL, Set.of(), said::add);
        List<String[]> cells =
                IntStream.range(0, rows.size()).mapToObj(rows::cells).toList();
        TablePreprocessing table = TablePreprocessing.fit(rows.header(), cells, Set.of(), Set.of(), line -> {});
        return new RowData(rows, new SplitSettings(1, 0.2, 0, 0, false, false), 8, plan -> new TableEncoding(table));
    }

    private static float[] targets(RowData data) {
        try (Scope scope = Scope.open()) {
            return Tensors.toFloats(data.targets(Split.TRAIN).tensor());
        }
    }

    private static List<String> tensors(RowData data) {
        List<String> all = new ArrayList<>();
        try (DataLoader batches = data.train(0)) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) return all;
                    batch.inputs()
                            .tensors()
                            .forEach((name, tensor) -> all.add(name
                                    + (name.equals(TableEncoding.NUMERIC)
                                            ? Arrays.toString(Tensors.toFloats(tensor))
                                            : Arrays.toString(Tensors.toLongs(tensor)))));
                }
            }
        }
    }

    @Test
    void parquetHasTheRowsOfItsCsv() throws SQLException {
        duck(
                "",
                "copy (" + ROWS + ") to '$/rows.parquet' (format parquet)",
                "copy (" + ROWS + ") to '$/rows.csv' (header, timestampformat '%Y-%m-%dT%H:%M')");
        assertThat(read("rows.parquet").header()).isEqualTo(read("rows.csv").header());
        assertThat(read("rows.parquet").rows())
                .containsExactlyElementsOf(read("rows.csv").rows());
        try (RowData parquet = data("rows.parquet");
                RowData csv = data("rows.csv")) {
            assertThat(parquet.keys(new Provenance(Split.TRAIN, Provenance.PLAIN), 0, 1, 40))
                    .isEqualTo(csv.keys(new Provenance(Split.TRAIN, Provenance.PLAIN), 0, 1, 40));
            assertThat(parquet.preprocessing()).isEqualTo(csv.preprocessing());
            assertThat(parquet.preprocessing().describe()).contains("dates day, at");
            assertThat(targets(parquet)).containsExactly(targets(csv));
            assertThat(tensors(parquet)).isEqualTo(tensors(csv)).hasSizeGreaterThan(5);
        }
    }

    @Test
    void cellsOfEachTypeAreRead() throws SQLException {
        duck(
                "",
                "copy (select 1e20::double as big, 1e-7::double as small, 'nan'::double as nan, true as yes, "
                        + "18446744073709551615::ubigint as whole, time '01:00:02.5' as clock, ' ? ' as missing, "
                        + "timestamptz '2024-05-06 07:08:09+02' as zoned, null::varchar as none, 3::tinyint as tiny, "
                        + "'b'::enum('a', 'b') as one) to '$/types.parquet' (format parquet)");
        assertThat(read("types.parquet").rows().get(0))
                .containsExactly(
                        "1.0E20",
                        "1.0E-7",
                        "",
                        "true",
                        "18446744073709551615",
                        "3602.5",
                        "",
                        "2024-05-06T05:08:09",
                        "",
                        "3",
                        "b");
        assertThat(said)
                .containsExactly(
                        "types.parquet: the column 'clock' has times of day; they are seconds since midnight",
                        "types.parquet: the column 'zoned' has times with time zones; they are converted to UTC");
    }

    @Test
    void queriesReadTheirDatabaseOnly() throws IOException, SQLException {
        Path database = home.resolve("shop.duckdb");
        duck(database.toString(), "create table sales as " + ROWS);
        byte[] before = Files.readAllBytes(database);
        sql("select id, label from sales where id < 3 order by id");
        assertThat(read("q.sql").rows())
                .containsExactly(new String[] {"0", "no"}, new String[] {"1", "no"}, new String[] {"2", "no"});
        // Editors of Windows write a byte order mark.
        Files.writeString(home.resolve("q.sql"), "\uFEFF" + Files.readString(home.resolve("q.sql")));
        assertThat(read("q.sql").rows()).hasSize(3);
        Path secret = Files.writeString(home.resolve("secret.csv"), "a\n1\n");
        for (String query : List.of(
                "select * from '" + secret + "'",
                "select * from read_text('" + secret + "')",
                "copy sales to '" + home.resolve("out.csv") + "'",
                "attach '" + home.resolve("new.duckdb") + "'",
                "set enable_external_access=true",
                "install httpfs",
                "load httpfs",
                "drop table sales",
                "insert into sales select * from sales",
                "selec 1")) {
            sql(query);
            refused("q.sql", "q.sql: DuckDB cannot read it (");
        }
        sql("select * from sales where id > 99");
        refused("q.sql", "has no rows");
        sql("select id, id + 1 as id from sales");
        refused("q.sql", "must name each column once, found [id, id]; rename the others");
        sql("select color::int as number from sales");
        refused("q.sql", "q.sql: DuckDB cannot read it (Conversion Error: Could not convert string 'red' to INT32")
                .hasMessageEndingWith("; correct the query");
        assertThat(Files.readAllBytes(database)).isEqualTo(before);
        try (Stream<Path> files = Files.list(home)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("shop.duckdb", "q.sql", "secret.csv");
        }
        Files.writeString(home.resolve("q.sql"), "select 1");
        refused("q.sql", "must name its database in its first line");
        Files.writeString(home.resolve("q.sql"), "-- database: secret.csv\nselect 1");
        refused("q.sql", "secret.csv: is no database of DuckDB");
        Files.writeString(home.resolve("q.sql"), "-- database: none.duckdb\nselect 1");
        refused("q.sql", "none.duckdb: no such file");
    }

    private void sql(String query) throws IOException {
        Files.writeString(home.resolve("q.sql"), "-- database: shop.duckdb\n" + query + "\n");
    }

    @Test
    void damagedAndNestedFilesAreOneLine() throws IOException, SQLException {
        duck(
                "",
                "copy (select 1 as a, [1, 2] as many) to '$/list.parquet' (format parquet)",
                "copy (select {'b': 1} as inside) to '$/map.parquet' (format parquet)",
                "copy (select 'x'::blob as bytes) to '$/blob.parquet' (format parquet)",
                "copy (" + ROWS + ") to '$/good.parquet' (format parquet)");
        refused("list.parquet", "the column 'many' must have numbers, texts, booleans or dates, found INTEGER[]");
        refused("map.parquet", "the column 'inside' must have");
        refused("blob.parquet", "the column 'bytes' must have");
        byte[] good = Files.readAllBytes(home.resolve("good.parquet"));
        Path bad = home.resolve("bad.parquet");
        Files.write(bad, Arrays.copyOf(good, good.length - 1));
        refused("bad.parquet", "expected PAR1 at both ends");
        Files.write(bad, new byte[3]);
        refused("bad.parquet", "expected PAR1 at both ends");
        byte[] longer = good.clone();
        longer[good.length - 6] = 127;
        Files.write(bad, longer);
        refused("bad.parquet", "must have a footer within its");
        int refused = 0;
        for (int from = 4; from + 28 < good.length; from += 70) {
            byte[] noise = good.clone();
            Arrays.fill(noise, from, from + 20, (byte) 0x5a);
            Files.write(bad, noise);
            try {
                read("bad.parquet"); // not all bytes matter, and most pages have no checksum
            } catch (LimbeckException e) {
                refused++;
                assertThat(e)
                        .hasMessageStartingWith(bad + ": DuckDB cannot read it (")
                        .hasMessageEndingWith("); copy or save it again")
                        .hasMessageNotContaining("\n")
                        .hasMessageNotContaining("Invalid result set");
            }
        }
        assertThat(refused).isGreaterThan(15);
        Files.copy(home.resolve("good.parquet"), home.resolve("a[1].parquet"));
        refused("a[1].parquet", "which DuckDB takes for patterns; rename it");
    }

    /** Nothing is fetched: the format is part of the jar. */
    @Test
    void parquetIsBuiltIn() throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:", DuckTable.settings());
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(
                        "select install_mode from duckdb_extensions() where extension_name = 'parquet'")) {
            assertThat(found.next()).isTrue();
            assertThat(found.getString(1)).isEqualTo("STATICALLY_LINKED");
        }
    }

    @Test
    void foldersAndUnlabeledFilesTrainFromTheCommandLine() throws IOException, SQLException {
        Files.createDirectories(home.resolve("data"));
        duck(
                "",
                "copy (" + ROWS + ") to '$/data/train.parquet' (format parquet)",
                "copy (" + ROWS + ") to '$/data/test.parquet' (format parquet)",
                "copy (select * exclude label from (" + ROWS + ")) to '$/more.parquet' (format parquet)");
        String data = "--data $/data --label-columns label --ignore-columns at --batch-size 16 ";
        run("train " + data + "--arch mlp-8 --epochs 1 --out $/teacher");
        String output = run("distill " + data
                + "--unlabeled $/more.parquet --teacher $/teacher --arch mlp-8 --epochs 1 " + "--out $/student");
        assertThat(output).contains("without a label: 60");
    }

    private String run(String line) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        int code = Main.run(
                stream,
                stream,
                false,
                Arrays.stream(line.split(" "))
                        .map(word -> word.replace("$", home.toString()))
                        .toArray(String[]::new));
        String said = out.toString(StandardCharsets.UTF_8);
        assertThat(code).as(said).isZero();
        return said;
    }
}
