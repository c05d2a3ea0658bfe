package dev.limbeck.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.cli.Main;
import dev.limbeck.data.image.StreamedImages;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.cache.ParquetForm;
import dev.limbeck.model.SavedModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test labeling and launching with Spark in one JVM; {@code bench/spark.sh} does so with executors. */
class SparkTest {
    private static final int IMAGES = 120;

    @TempDir
    static Path home;

    private static SparkSession spark;
    private static Path teacher;

    @BeforeAll
    static void start() throws IOException {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.sql.warehouse.dir", home.resolve("warehouse").toString())
                .config("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
                .config("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "1")
                .getOrCreate();
        Random random = new Random(5);
        for (int i = 0; i < IMAGES; i++) {
            BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
            for (int at = 0; at < 256; at++) image.setRGB(at % 16, at / 16, random.nextInt(1 << 24) | (i % 2) << 22);
            Path file = home.resolve("images/" + (i % 2 == 0 ? "dark" : "light") + "/" + i + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
        teacher = home.resolve("teacher");
        limbeck(
                0,
                "train",
                "--data",
                home + "/images",
                "--image-size",
                "16",
                "--arch",
                "cifar-resnet8",
                "--epochs",
                "1",
                "--threads",
                "1",
                "--out",
                teacher.toString());
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static String limbeck(int code, String... args) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8);
        int found = Main.run(both, both, false, args);
        String text = printed.toString(StandardCharsets.UTF_8);
        assertThat(found).as(text).isEqualTo(code);
        return text;
    }

    private static Labeling labeling() {
        return Labeling.by(Map.of("model", teacher.toString())).batchSize(16);
    }

    private static Dataset<Row> images() {
        return spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", "true")
                .load(home.resolve("images").toString());
    }

    private static TreeMap<String, byte[]> rows(Path folder) {
        TreeMap<String, byte[]> rows = new TreeMap<>();
        for (Row row : spark.read()
                .parquet(folder.resolve(ParquetForm.FOLDER).toString())
                .collectAsList()) {
            byte[] key = row.getAs(ParquetForm.KEY);
            byte[] output = row.getAs(ParquetForm.OUTPUT);
            assertThat(row.<Integer>getAs(ParquetForm.SUM)).isEqualTo(ParquetForm.sum(key, output));
            assertThat(rows.put(java.util.HexFormat.of().formatHex(key), output))
                    .isNull();
        }
        return rows;
    }

    private static float[] floats(byte[] row) {
        float[] values = new float[row.length / 4];
        ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    @Test
    void labelsOfImagesTeachAsCachedOutputsDo() {
        Path out = home.resolve("labels");
        // Every row twice, among several tasks.
        LabelResult result = labeling().write(images().union(images()).repartition(5), out.toString());
        assertThat(result.rows()).isEqualTo(2 * IMAGES);
        assertThat(result.keys()).isEqualTo(IMAGES);
        assertThat(result.duplicates()).isEqualTo(IMAGES);
        assertThat(result.unreadable()).isZero();
        assertThat(rows(out)).hasSize(IMAGES);
        List<String> order = spark
                .read()
                .parquet(out.resolve(ParquetForm.FOLDER).toString())
                .select(functions.hex(functions.col("key")))
                .collectAsList()
                .stream()
                .map(row -> row.getString(0))
                .toList();
        assertThat(order).isSorted();

        // The same keys and facts as those of a folder that training makes, and the same outputs but for rounding.
        Path other = home.resolve("kept");
        String said = distill(other, "one");
        assertThat(said).contains("caching outputs in");
        assertThat(distill(out, "two")).contains("indexed 120 outputs of").contains("120 cached outputs in");
        assertThat(out.toFile().list()).noneMatch(name -> name.endsWith(".rows"));
        assertThat(other.resolve("facts.json")).hasSameTextualContentAs(out.resolve("facts.json"));
        assertThatThrownBy(() -> labeling().write(images(), out.toString())).hasMessageContaining("exists already");
    }

    private static String distill(Path cache, String name) {
        return limbeck(
                0,
                "distill",
                "--data",
                home + "/images",
                "--image-size",
                "16",
                "--teacher",
                teacher.toString(),
                "--arch",
                "cifar-resnet8",
                "--epochs",
                "1",
                "--batch-size",
                "16",
                "--threads",
                "1",
                "--cache-teacher",
                cache.toString(),
                "--out",
                home.resolve(name).toString());
    }

    @Test
    void outputsAreThoseOfThePlainLoop() {
        Path sequence = home.resolve("sequence");
        Path spread = home.resolve("spread");
        labeling().write(images().coalesce(1), sequence.toString());
        labeling().batchSize(7).column("path").write(images().select("path").repartition(3), spread.toString());
        TreeMap<String, byte[]> expected = rows(sequence);
        TreeMap<String, byte[]> found = rows(spread);
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        expected.forEach((key, row) -> assertThat(floats(found.get(key))).containsExactly(floats(row), within(0.05f)));
        assertThat(expected.values().stream().map(Arrays::toString).distinct().count())
                .isGreaterThan(100);
    }

    @Test
    void twoLabelingsAtOnceKeepTheirTeachers() throws IOException {
        Path other = home.resolve("other-teacher");
        FileUtils.copyDirectory(teacher.toFile(), other.toFile());
        StreamedImages.ImageFile image =
                new StreamedImages.ImageFile("0.png", Files.readAllBytes(home.resolve("images/dark/0.png")));
        ExecutorTeacher<?, ?> first = ExecutorTeacher.of(job(teacher), 1);
        byte[] expected = first.label(List.of(image), new ArrayList<>()).get(0).row();
        ExecutorTeacher<?, ?> second = ExecutorTeacher.of(job(other), 1);
        assertThat(second).isNotSameAs(first);
        assertThat(second.label(List.of(image), new ArrayList<>()).get(0).row()).isEqualTo(expected);
        // Its task is not done.
        assertThat(first.label(List.of(image), new ArrayList<>()).get(0).row()).isEqualTo(expected);
        assertThat(ExecutorTeacher.of(job(teacher), 1)).isSameAs(first);
        first.release();
        first.release();
        // Nobody uses the first any more, so a third takes its place.
        ExecutorTeacher<?, ?> third = ExecutorTeacher.of(
                new LabelJob(
                        Map.of("model", other.toString()),
                        "",
                        preparation(),
                        List.of("path"),
                        "",
                        Set.of(),
                        "float16",
                        "fp32",
                        8),
                1);
        assertThat(ExecutorTeacher.of(job(other), 1)).isSameAs(second);
        assertThat(ExecutorTeacher.of(job(teacher), 1)).isNotSameAs(first);
        third.release();
        second.release();
        second.release();
        ExecutorTeacher.of(job(teacher), 1).release();
    }

    private static Map<String, String> preparation() {
        return SavedModel.readMetadata(teacher);
    }

    private static LabelJob job(Path model) {
        return new LabelJob(
                Map.of("model", model.toString()),
                "",
                preparation(),
                List.of("path"),
                "",
                Set.of(),
                "float32",
                "fp32",
                8);
    }

    @Test
    void rowsOfTablesAreLabeledUnderTheKeysOfTheFile() throws IOException {
        StringBuilder csv = new StringBuilder("size,color,kind\n");
        Random random = new Random(1);
        for (int i = 0; i < 200; i++)
            csv.append(random.nextInt(1000) / 8.0)
                    .append(i % 3 == 0 ? ",red," : ",,")
                    .append(i % 2 == 0 ? "a" : "b")
                    .append('\n');
        Path table = Files.writeString(home.resolve("table.csv"), csv);
        Path model = home.resolve("table-teacher");
        limbeck(
                0,
                "train",
                "--data",
                table.toString(),
                "--label-columns",
                "kind",
                "--arch",
                "mlp-16",
                "--epochs",
                "1",
                "--out",
                model.toString());
        Path out = home.resolve("table-labels");
        Dataset<Row> rows = spark.read().option("header", "true").csv(table.toString());
        LabelResult result = Labeling.by(Map.of("model", model.toString()))
                .ignore(List.of("kind"))
                .encoding(Encoding.FLOAT16)
                .write(rows, out.toString());
        assertThat(result.keys() + result.duplicates()).isEqualTo(200);
        String said = distillTable(0, table, model, out, "float16", "table-student");
        assertThat(said).contains(result.keys() + " cached outputs in");
        assertThat(out.toFile().list()).noneMatch(name -> name.endsWith(".rows"));
        assertThat(distillTable(1, table, model, out, "float32", "wrong"))
                .contains("caches outputs of other settings: numbers is float16");
    }

    private Dataset<Row> read(Path input) {
        Label label = new Label();
        label.input = input.toString();
        return label.rows(spark);
    }

    /** Spark sorts the columns of JSON, and cells without a value are those that the teacher was trained with. */
    @Test
    void rowsOfJsonAreLabeledUnderTheKeysOfTheFile() throws IOException {
        StringBuilder json = new StringBuilder();
        StringBuilder tabs = new StringBuilder("size\tcolor\tkind\n");
        for (int i = 0; i < 200; i++) {
            String size = i % 7 == 0 ? "?" : String.valueOf(i * 37 % 200 / 8.0);
            String color = i % 3 == 0 ? "red" : "blue";
            String kind = i % 2 == 0 ? "a" : "b";
            json.append("{\"size\": \"%s\", \"color\": \"%s\", \"kind\": \"%s\"}%n".formatted(size, color, kind));
            tabs.append(size)
                    .append('\t')
                    .append(color)
                    .append('\t')
                    .append(kind)
                    .append('\n');
        }
        Path lines = Files.writeString(home.resolve("rows.ndjson"), json);
        Path table = Files.writeString(home.resolve("rows.tsv"), tabs);
        Path model = home.resolve("json-teacher");
        limbeck(
                0,
                "train",
                "--data",
                lines.toString(),
                "--label-columns",
                "kind",
                "--missing",
                "?",
                "--arch",
                "mlp-16",
                "--epochs",
                "1",
                "--out",
                model.toString());
        assertThat(read(lines).columns()).containsExactly("color", "kind", "size");
        for (Path input : List.of(lines, table)) {
            Path out = home.resolve(input.getFileName() + "-labels");
            LabelResult result = Labeling.by(Map.of("model", model.toString()))
                    .ignore(List.of("kind"))
                    .write(read(input), out.toString());
            assertThat(result.unreadable()).isZero();
            String student = input.getFileName() + "-student";
            String said = distillTable(0, lines, model, out, "float32", student, "--missing", "?");
            assertThat(said).contains(result.keys() + " cached outputs in");
            assertThat(out.toFile().list()).noneMatch(name -> name.endsWith(".rows"));
        }
        Path bad = Files.writeString(home.resolve("bad.jsonl"), json + "{\"size\": 3\n");
        assertThatThrownBy(() -> read(bad))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("cannot read the input " + bad)
                .hasMessageNotContaining("\n");
    }

    /** The teacher's column has another name than the student's, of which the keys are made. */
    @Test
    void aTeacherOfTextsReadsTheNamedColumn() throws IOException {
        StringBuilder theirs = new StringBuilder("text,mood\n");
        StringBuilder ours = new StringBuilder("id,review,mood\n");
        for (int i = 0; i < 60; i++) {
            String row = i % 2 == 0 ? "a good day " + i + ",good\n" : "a bad day " + i + ",bad\n";
            theirs.append(row);
            ours.append(i).append(',').append(row);
        }
        Path one = Files.writeString(home.resolve("theirs.csv"), theirs);
        Path other = Files.writeString(home.resolve("ours.csv"), ours);
        Path model = home.resolve("text-teacher");
        String[] end = {"--label-columns", "mood", "--arch", "bag", "--epochs", "1", "--out"};
        limbeck(0, words(List.of("train", "--data", one, "--text-column", "text"), end, model));
        Labeling labeling = Labeling.by(Map.of("model", model.toString())).ignore(List.of("mood"));
        refused(
                labeling,
                read(other),
                "reads the column 'text', found 'id', 'review'; name the student's column of texts");
        refused(labeling.column("title"), read(other), "no column 'title'");
        refused(
                Labeling.by(Map.of("model", model.toString())).column("mood"),
                read(one),
                "reads the column 'text', found 'mood'; leave the column (column, --column) out");
        Path out = home.resolve("text-labels");
        LabelResult result = labeling.column("review").write(read(other), out.toString());
        List<Object> start = List.of(
                "distill", "--data", other, "--text-column", "review", "--teacher", model, "--cache-teacher", out);
        assertThat(limbeck(0, words(start, end, home.resolve("text-student"))))
                .contains(result.keys() + " cached outputs in");
        assertThat(out.toFile().list()).noneMatch(name -> name.endsWith(".rows"));
    }

    private static String[] words(List<Object> start, String[] end, Path last) {
        List<String> all = new ArrayList<>();
        start.forEach(word -> all.add(word.toString()));
        all.addAll(List.of(end));
        all.add(last.toString());
        return all.toArray(String[]::new);
    }

    private String distillTable(
            int code, Path table, Path model, Path labels, String numbers, String student, String... more) {
        String[] words = {
            "distill",
            "--data",
            table.toString(),
            "--label-columns",
            "kind",
            "--teacher",
            model.toString(),
            "--arch",
            "mlp-16",
            "--epochs",
            "1",
            "--cache-teacher",
            labels.toString(),
            "--cache-dtype",
            numbers,
            "--out",
            home.resolve(student).toString()
        };
        return limbeck(code, Stream.of(words, more).flatMap(Arrays::stream).toArray(String[]::new));
    }

    @Test
    void endingsTellFormats() {
        assertThat(Stream.of("a.tsv", "a.ndjson", "b.JSONL.gz", "c.txt", "d.csv/", "photos", "x.json", "x.text")
                        .map(Label::format))
                .containsExactly("tsv", "json", "json", "text", "csv", "images", "json", "text");
    }

    @Test
    void someRowsAreHeldAtOnce() {
        LabelPartition work = new LabelPartition(
                job(teacher), new CollectionAccumulator<>(), new SerializableConfiguration(new Configuration()));
        byte[] large = new byte[20 << 20];
        List<Row> rows = Collections.nCopies(300, RowFactory.create("a.png", large));
        assertThat(work.some(rows.iterator(), new ArrayList<>())).hasSize(4);
        List<Row> small = Collections.nCopies(300, RowFactory.create("a.png", new byte[9]));
        assertThat(work.some(small.iterator(), new ArrayList<>())).hasSize(256);
    }

    /** Other rows of a file system that fails for a moment would be left out, too. */
    @Test
    void aFileSystemThatFailsIsNoBadImage() {
        Configuration configuration = new Configuration();
        assertThatThrownBy(() -> LabelPartition.image(RowFactory.create(home + "/none.png"), configuration))
                .isInstanceOf(FileNotFoundException.class);
        assertThatThrownBy(() -> LabelPartition.image(RowFactory.create("nowhere://host/a.png"), configuration))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("cannot read nowhere://host/a.png: ");
        assertThatThrownBy(() -> LabelPartition.image(RowFactory.create((Object) null), configuration))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the row is empty");
    }

    @Test
    void jarsMayLieInAnyFolder() throws IOException {
        Path jar = home.resolve("a b%20c/größe.jar");
        assertThat(ProcessTask.place(jar.toUri().toURL())).isEqualTo(jar.toString());
        assertThat(ProcessTask.place(new URL("file:/a b/c.jar"))).isEqualTo("/a b/c.jar");
    }

    @Test
    void badInputIsRefusedAndLeavesNothing() throws IOException {
        Path files = home.resolve("some");
        Files.createDirectories(files);
        Files.writeString(files.resolve("a.png"), "no image");
        try (Stream<Path> all = Files.list(home.resolve("images/dark"))) {
            for (Path file : all.toList()) Files.copy(file, files.resolve(file.getFileName()));
        }
        Dataset<Row> some = spark.read().format("binaryFile").load(files.toString());
        refused(labeling(), some, "1 of 61 rows cannot be used, such as: cannot read image");
        refused(labeling(), images().filter("length < 0"), "the input has no rows");
        refused(labeling().column("pixels"), images(), "pixels");
        refused(labeling().column("length"), images(), "binary");
        refused(labeling().encoding(Encoding.of("top-5")), images(), "the teacher has 2 classes");
        refused(Labeling.by(Map.of("model", home + "/nothing")), images(), "nothing");
        LabelResult result =
                labeling().mostUnreadable(0.1).write(some, home.resolve("most").toString());
        assertThat(result.unreadable()).isEqualTo(1);
        assertThat(result.keys()).isEqualTo(60);
        assertThat(result.unreadableWords()).contains("a.png");
    }

    private static void refused(Labeling labeling, Dataset<Row> rows, String words) {
        assertThatThrownBy(() -> labeling.write(rows, home.resolve("refused").toString()))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(words)
                .message()
                .doesNotContain("\n");
        assertThat(home.toFile().list()).noneMatch(name -> name.startsWith("refused"));
    }

    @Test
    void optionsBehindTheCommandAreItsOwn() {
        Launch given = new Launch();
        Programs.line(given).parseArgs("--processes", "2", "distill", "--out", "x", "--help");
        assertThat(given.processes).isEqualTo(2);
        assertThat(given.command).containsExactly("distill", "--out", "x", "--help");
        assertThat(printed(new Launch(), "--processes", "1", "distill"))
                .contains("1 limbeck: --processes must be at least 2, found 1");
        assertThat(printed(new Launch(), "--processes", "2", "cache")).contains("run train or distill, found cache");
        assertThat(printed(new Launch(), "--processes", "2", "train", "--nproc=2"))
                .contains("leave --nproc out");
        assertThat(printed(new Launch(), "distill")).startsWith("2 limbeck: ").contains("--processes");
        assertThat(printed(new Label(), "--teacher", "t", "--input", "i", "--out", "o", "--cache-dtype", "int4"))
                .contains("1 limbeck: cached outputs must be float32, float16 or top-K");
        assertThat(printed(new Label(), "--teacher", "t", "--input", "i", "--out", "o", "--resize", "corp"))
                .contains("crop");
    }

    /** Return the exit code and the error lines of a program. */
    private static String printed(java.util.concurrent.Callable<Integer> program, String... args) {
        PrintStream before = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            int code = Programs.code(program, args);
            return code + " " + printed.toString(StandardCharsets.UTF_8).strip();
        } finally {
            System.setErr(before);
        }
    }

    @Test
    void processesEndWithTheirExecutor() throws IOException {
        // LocalProcesses.endWithStarter reads it.
        assertThat(ProcessTask.variables(1, 2, "host", 80, "own"))
                .containsEntry(
                        "LIMBECK_STARTER",
                        String.valueOf(ProcessHandle.current().pid()))
                .containsEntry("RANK", "1");
        Process ended = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .start();
        // This closes its streams, which is no failure of the one who reads them.
        ended.destroy();
        ArrayDeque<String> last = new ArrayDeque<>();
        ProcessTask.follow(ended, 0, last);
        assertThat(last).isEmpty();
    }

    @Test
    void processesAreLaunchedOrRefused() {
        List<String> command = new ArrayList<>(List.of(
                "train",
                "--data",
                "shapes:48:8:8",
                "--image-size",
                "16",
                "--batch-size",
                "8",
                "--arch",
                "cifar-resnet8",
                "--epochs",
                "1",
                "--out",
                home + "/launched"));
        Launch launch = new Launch();
        launch.processes = 2;
        launch.javaOptions = List.of("-XX:TieredStopAtLevel=1", "-Xmx1g");
        launch.command = command;
        assertThat(launch.run(spark)).last().asString().contains("written to");
        assertThat(home.resolve("launched/model.safetensors")).exists();

        launch.command = new ArrayList<>(command);
        assertThatThrownBy(() -> launch.run(spark))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("launched")
                .message()
                .startsWith("process 0 failed: ")
                .doesNotContain("\n");
        launch.processes = 3;
        assertThatThrownBy(() -> launch.run(spark))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("3 processes need as many free slots");
    }
}
