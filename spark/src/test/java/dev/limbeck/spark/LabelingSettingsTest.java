package dev.limbeck.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.cli.Main;
import dev.limbeck.distill.cache.ParquetForm;
import dev.limbeck.image.Resize;
import dev.limbeck.tensor.Script;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test what labeling is told: column, task, and settings that are for other rows. */
class LabelingSettingsTest {
    private static final int IMAGES = 24;

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
                .getOrCreate();
        Random random = new Random(5);
        for (int i = 0; i < IMAGES; i++) {
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
            for (int at = 0; at < 64; at++) image.setRGB(at % 8, at / 8, random.nextInt(1 << 24));
            Path file = home.resolve("images/" + (i % 2 == 0 ? "even" : "odd") + "/" + i + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
        teacher = script("teacher.pt", "10.0 * torch.mean(x, [2, 3])");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** Write a file that says nothing of itself, as those of others do. */
    private static Path script(String name, String outputs) {
        Path file = home.resolve(name);
        String source = "def forward(self, x: Tensor) -> Tensor:\n    return " + outputs + "\n";
        try (Script script = Script.compile("Given", Map.of(), Map.of(), Map.of(), source)) {
            script.save(file, Map.of());
        }
        return file;
    }

    private static Labeling labeling(Map<String, String> settings) {
        return Labeling.by(settings).batchSize(8);
    }

    private static Labeling labeling() {
        return labeling(Map.of("model", teacher.toString())).imageSize(8);
    }

    private static Dataset<Row> images() {
        return spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", "true")
                .load(home.resolve("images").toString());
    }

    private static List<String> keys(Path folder) {
        return spark
                .read()
                .parquet(folder.resolve(ParquetForm.FOLDER).toString())
                .select(functions.hex(functions.col(ParquetForm.KEY)))
                .collectAsList()
                .stream()
                .map(row -> row.getString(0))
                .toList();
    }

    private static void refused(Labeling labeling, Dataset<Row> rows, String words) {
        assertThatThrownBy(() -> labeling.write(rows, home.resolve("refused").toString()))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(words)
                .message()
                .doesNotContain("\n");
    }

    private static String limbeck(Object... args) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8);
        String[] words = new String[args.length];
        for (int i = 0; i < words.length; i++) words[i] = args[i].toString();
        int code = Main.run(both, both, false, words);
        String text = printed.toString(StandardCharsets.UTF_8);
        assertThat(code).as(text).isZero();
        return text;
    }

    /** Spark's reader of images names its column {@code path}, and other tables have one of that name, too. */
    @Test
    void theNamedColumnIsReadAndNoOther() {
        String even = home.resolve("images/even/0.png").toString();
        Dataset<Row> one = spark.read().format("binaryFile").load(even);
        Dataset<Row> two = one.select(
                functions.lit(home.resolve("images/odd/1.png").toString()).as("path"),
                functions.lit(even).as("file"));
        Path expected = home.resolve("by-content");
        Path found = home.resolve("by-file");
        labeling().write(one, expected.toString());
        labeling().column("file").write(two, found.toString());
        assertThat(keys(found)).hasSize(1).isEqualTo(keys(expected));
        refused(
                labeling().column("file"),
                two.withColumn("file", functions.lit(home + "/none.png")),
                "cannot read image " + home + "/none.png: ");
        refused(labeling().column("file"), two.withColumn("file", functions.lit("")), "1 of 1 rows cannot be used");
        // What names a content may be of any type.
        Path numbered = home.resolve("numbered");
        labeling().write(one.withColumn("path", functions.lit(7)), numbered.toString());
        assertThat(keys(numbered)).isEqualTo(keys(expected));
    }

    @Test
    void outputsAreForTheStudentsTask() throws IOException {
        Map<String, String> embedding = Map.of("model", teacher.toString(), "output", "embedding");
        Path out = home.resolve("embeddings");
        labeling(embedding).imageSize(8).write(images(), out.toString());
        String said = limbeck(
                "distill",
                "--data",
                home.resolve("images"),
                "--image-size",
                8,
                "--task",
                "embedding",
                "--teacher",
                teacher,
                "--teacher-output",
                "embedding",
                "--arch",
                "cifar-resnet8",
                "--epochs",
                1,
                "--batch-size",
                8,
                "--cache-teacher",
                out,
                "--out",
                home.resolve("student"));
        assertThat(said).contains(IMAGES + " cached outputs in");

        for (Task.Kind kind : List.of(Task.Kind.SINGLE_LABEL, Task.Kind.MULTI_LABEL, Task.Kind.REGRESSION)) {
            Path folder = home.resolve(kind.key());
            labeling().task(kind).write(images(), folder.toString());
            // As FileTeacher says it in training.
            assertThat(Files.readString(folder.resolve("facts.json")).lines())
                    .filteredOn(line -> line.contains("\"teacher\""))
                    .singleElement()
                    .asString()
                    .matches(kind == Task.Kind.SINGLE_LABEL ? ".* LOGITS\",?" : ".* " + kind.key() + "\",?");
        }
        refused(
                labeling(embedding).imageSize(8).task(Task.Kind.REGRESSION),
                images(),
                "is for an embedding, found the task regression; leave it out");
    }

    @Test
    void adviceNamesTheSettingsOfLabeling() {
        Path unsure = script("unsure.pt", "torch.sigmoid(torch.mean(x, [2, 3]))");
        refused(
                labeling(Map.of("model", unsure.toString())).imageSize(8),
                images(),
                "set the kind: --teacher-setting output=sigmoid or --teacher-setting output=logits");
        refused(labeling(Map.of("model", teacher.toString())), images(), "set it (imageSize, --image-size)");
    }

    @Test
    void settingsOfOtherRowsAreRefused() throws IOException {
        StringBuilder csv = new StringBuilder("size,kind\n");
        for (int i = 0; i < 60; i++) csv.append(i).append(i % 2 == 0 ? ",a\n" : ",b\n");
        Path table = Files.writeString(home.resolve("table.csv"), csv);
        Path model = home.resolve("table-teacher");
        limbeck("train", "--data", table, "--label-columns", "kind", "--arch", "mlp-8", "--epochs", 1, "--out", model);
        Path file = model.resolve("model.safetensors");
        Dataset<Row> rows = spark.read().option("header", "true").csv(table.toString());
        Map<String, String> settings = Map.of("model", model.toString());
        refused(
                labeling(settings).ignore(List.of("kind")).column("size"),
                rows,
                "column is for teachers of images or texts, found one of tables: " + file + "; leave it out");
        refused(
                labeling(settings)
                        .ignore(List.of("kind"))
                        .imageSize(8)
                        .resize(Resize.PAD)
                        .normalize("0,0,0", "1,1,1"),
                rows,
                "image_size, resize, mean, std are for teachers of images");
        refused(
                labeling().ignore(List.of("length")),
                images(),
                "ignore_columns is for teachers of texts and tables, found one of images: " + teacher);
        refused(
                labeling(settings).ignore(List.of("kind")).task(Task.Kind.MULTI_LABEL),
                rows,
                "the teacher " + file + " is for single-label classification, found the task multi-label");
    }

    @Test
    void numbersAreChecked() {
        assertThatThrownBy(() -> labeling().batchSize(0))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the batch size must be at least 1, found 0");
        assertThatThrownBy(() -> labeling().mostUnreadable(1.5)).hasMessageContaining("between 0 and 1, found 1.5");
        assertThatThrownBy(() -> labeling().mostUnreadable(Double.NaN)).isInstanceOf(LimbeckException.class);
        assertThatThrownBy(() -> labeling().normalize("123.7,116.3,103.5", "1,1,1"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("mean must be on the scale where white is 1, found 123.7; divide by 255");
    }
}
