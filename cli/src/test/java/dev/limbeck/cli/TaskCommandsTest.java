package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Prediction;
import dev.limbeck.Task;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.onnx.OnnxPredictor;
import dev.limbeck.onnx.OnnxRegressionPredictor;
import dev.limbeck.prune.Criterion;
import dev.limbeck.prune.PrunableNetwork;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test multi-label classification and regression, from a table of labels to an exported file that predicts. */
class TaskCommandsTest {
    @TempDir
    static Path home;

    private static Path images;
    private static Path table;

    /** Draw squares: red or blue, on the left or on the right, of random size. */
    @BeforeAll
    static void draw() throws IOException {
        images = home.resolve("images");
        StringBuilder text = new StringBuilder("file,red,left,size\n");
        Random random = new Random(3);
        for (int i = 0; i < 160; i++) {
            boolean red = random.nextBoolean();
            boolean left = random.nextBoolean();
            int size = 3 + random.nextInt(10);
            String name = (i < 120 ? "train/" : "test/") + "p" + i + ".png";
            Path file = images.resolve(name);
            Files.createDirectories(file.getParent());
            BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
            Graphics2D pen = image.createGraphics();
            pen.setColor(red ? Color.RED : Color.BLUE);
            pen.fillRect(left ? 2 : 18, 8, size, size);
            pen.dispose();
            ImageIO.write(image, "png", file.toFile());
            text.append(String.format(Locale.ROOT, "%s,%d,%d,%.1f%n", name, red ? 1 : 0, left ? 1 : 0, 10.0 * size));
        }
        table = Files.writeString(home.resolve("labels.csv"), text);
    }

    private static Object[] args(String task, Object... more) {
        List<Object> all = new ArrayList<>(List.of("--data", images, "--labels", table, "--task", task));
        all.addAll(List.of("--label-columns", task.equals("regression") ? "size" : "red,left"));
        all.addAll(List.of(more));
        return all.toArray();
    }

    private static Object[] training(String task, Object... more) {
        Object[] common = {"--arch", "cifar-resnet8", "--batch-size", "16", "--lr", "0.01", "--epochs", "6"};
        List<Object> all = new ArrayList<>(List.of(common));
        all.addAll(List.of(more));
        return args(task, all.toArray());
    }

    @Test
    void aTableThatListsImagesIsTheData() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(table));
        Path listed = home.resolve("listed.csv");
        Files.write(
                listed,
                IntStream.range(0, lines.size())
                        .mapToObj(i -> i == 0
                                ? "path" + lines.get(0).substring(4) + ",split"
                                : "images/" + lines.get(i) + (i > 120 ? ",test" : i > 100 ? ",valid" : ",train"))
                        .toList());
        Path out = home.resolve("listed");
        Object[] data = {"--data", listed, "--task", "multi-label", "--label-columns", "red,left"};
        Cli.Answer logged = Cli.run(
                        "train",
                        data,
                        "--max-train-samples",
                        "32",
                        "--arch",
                        "cifar-resnet8",
                        "--batch-size",
                        "16",
                        "--lr",
                        "0.01",
                        "--epochs",
                        "1",
                        "--out",
                        out)
                .done();
        assertThat(logged.err()).contains("32 train / 20 valid / 40 test").contains("68 beyond the limit not opened");
        assertThat(Cli.run("evaluate", data, "--model", out, "--json")
                        .done()
                        .json()
                        .get("rows")
                        .asInt())
                .isEqualTo(40);
        // The record repeats the run.
        Path again = home.resolve("listed-again");
        Cli.run("train", out.resolve("run.json"), "--out", again).done();
        assertThat(Cli.read(again.resolve("run.json")).get("repeat_sha256"))
                .isEqualTo(Cli.read(out.resolve("run.json")).get("repeat_sha256"));
        Cli.Answer typo = Cli.run("train", data, "--labels", table, "--arch", "cifar-resnet8", "--out", again);
        assertThat(typo.err()).contains("found labels beside the table").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"multi-label", "regression"})
    void fromATableOfLabelsToAFileThatPredicts(String task) throws IOException {
        boolean numbers = task.equals("regression");
        String metric = numbers ? "rmse" : "average_precision";
        Path teacher = home.resolve(task + "-teacher");
        Cli.run("train", training(task, "--out", teacher)).done();
        JsonNode record = Cli.read(teacher.resolve("run.json"));
        double value = record.at("/results/test").get(metric).asDouble();
        if (numbers) assertThat(value).isLessThan(25);
        else assertThat(value).isGreaterThan(0.9);

        JsonNode evaluated = Cli.run("evaluate", args(task, "--model", teacher, "--split", "test", "--json"))
                .done()
                .json();
        assertThat(evaluated.get(metric).asDouble()).isCloseTo(value, within(1e-4));
        assertThat(evaluated.get("loss").asDouble())
                .isCloseTo(record.at("/results/test/loss").asDouble(), within(1e-5));

        // The exported ONNX file must predict like the run, and can be a teacher.
        Path files = home.resolve(task + "-files");
        Cli.run("export", "--model", teacher, "--format", "onnx,torchscript,safetensors", "--out", files)
                .done();
        assertThat(Files.readString(files.resolve("MODEL_CARD.md")))
                .contains(numbers ? "A regression model of" : "A classifier with several labels of")
                .contains(numbers ? "| test | 40 | rmse " : "| test | 40 | average precision ");
        Path image = images.resolve("test/p130.png");
        String key = numbers ? "numbers" : "probabilities";
        if (numbers) {
            Cli.Answer refused = Cli.run("predict", "--model", teacher, image, "--top", 2);
            assertThat(refused.code()).isEqualTo(2);
            assertThat(refused.err()).contains("--top is for classes, found a model of numbers");
        }
        JsonNode own = Cli.run("predict", "--model", teacher, image, "--json")
                .done()
                .json()
                .get(0)
                .get(key);
        for (String file : List.of("model.onnx", "model.pt", "model.safetensors")) {
            JsonNode other = Cli.run("predict", "--model", files.resolve(file), image, "--json")
                    .done()
                    .json()
                    .get(0)
                    .get(key);
            own.properties()
                    .forEach(one -> assertThat(other.get(one.getKey()).asDouble())
                            .as("%s %s", file, one.getKey())
                            .isCloseTo(one.getValue().asDouble(), within(numbers ? 1e-3 : 1e-5)));
        }
        Path onnx = files.resolve("model.onnx");
        if (numbers) {
            try (OnnxRegressionPredictor predictor = OnnxRegressionPredictor.open(onnx)) {
                assertThat(predictor.predict(image).get("size"))
                        .isCloseTo(own.get("size").asDouble(), within(1e-3));
            }
        } else {
            try (OnnxPredictor predictor = OnnxPredictor.open(onnx)) {
                Prediction prediction = predictor.predict(image);
                assertThat(prediction.probabilities().get("left"))
                        .isCloseTo(own.get("left").asDouble(), within(1e-5));
                assertThat(prediction.labels()).isSubsetOf("red", "left");
            }
        }

        Cli.run(
                        "show",
                        args(
                                task,
                                "--model",
                                teacher,
                                "--split",
                                "test",
                                "--worst",
                                "--out",
                                home.resolve(task + ".png")))
                .done();
        if (!numbers) {
            JsonNode explained = Cli.run("explain", "--model", teacher, image, "-T", "1", "--json")
                    .done()
                    .json()
                    .at("/0/probabilities");
            assertThat(explained.get("left").asDouble())
                    .isCloseTo(own.get("left").asDouble(), within(1e-9));
            Path sigmoids = home.resolve("sigmoids");
            Cli.run("export", "--model", teacher, "--softmax", "--out", sigmoids)
                    .done();
            assertThat(Cli.run("predict", "--model", sigmoids.resolve("model.onnx"), image, "--json")
                            .done()
                            .json()
                            .at("/0/probabilities/left")
                            .asDouble())
                    .isCloseTo(own.get("left").asDouble(), within(1e-5));
        }

        Path student = home.resolve(task + "-student");
        Cli.run("distill", training(task, "--teacher", onnx, "--seed", "7", "--out", student))
                .done();
        JsonNode distilled = Cli.read(student.resolve("run.json"));
        String loss = numbers ? "LogitMse" : "MultiLabel";
        assertThat(distilled.at("/epochs/5/terms/" + loss).asDouble())
                .isLessThan(distilled.at("/epochs/0/terms/" + loss).asDouble());
        assertThat(distilled.at("/recipe/distillation/losses/0/name").asText())
                .isEqualTo(numbers ? "logit-mse" : "multi-label");
    }

    @ParameterizedTest
    @ValueSource(strings = {"multi-label", "regression"})
    void theComparisonAndItsPageAreOfTheTask(String task) throws IOException {
        Path teacher = home.resolve(task + "-knows");
        Cli.run("train", training(task, "--out", teacher)).done();
        Path out = home.resolve(task + "-comparison");
        String said = Cli.run(
                        "compare",
                        args(
                                task,
                                "--teacher",
                                teacher,
                                "--arch",
                                "cifar-resnet8",
                                "--epochs",
                                "1",
                                "--seeds",
                                "2",
                                "--out",
                                out))
                .done()
                .out();
        boolean numbers = task.equals("regression");
        assertThat(said).contains(numbers ? "distilled, no effect shown: rmse " : "points");
        JsonNode result = Cli.read(out.resolve("comparison.json"));
        assertThat(result.get("metric").asText()).isEqualTo(numbers ? "rmse" : "average_precision");
        JsonNode runs = result.at("/variants/1/runs");
        double better = runs.get(0).get("value").asDouble()
                - result.at("/variants/0/runs/0/value").asDouble()
                + runs.get(1).get("value").asDouble()
                - result.at("/variants/0/runs/1/value").asDouble();
        assertThat(result.at("/variants/1/difference/mean").asDouble())
                .isCloseTo((numbers ? -1 : 1) * better / 2, within(1e-9));
        assertThat(result.at("/variants/1/report/columns").has(numbers ? "r2" : "auc"))
                .isTrue();
        assertThat(out.resolve("report.html")).exists();
    }

    /** A checkpoint of another framework predicts in the targets' units, so its loss is that of the same network on the data's scale. */
    @Test
    void taylorPrunesTheSameChannelsOnAnyScale() throws IOException {
        Path run = home.resolve("own-scale");
        Cli.run("train", training("regression", "--out", run)).done();
        Path units = home.resolve("units.safetensors");
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                StateDict state = Safetensors.read(run.resolve("model.safetensors"))) {
            double mean = Double.parseDouble(state.metadata().get("target_mean"));
            double deviation = Double.parseDouble(state.metadata().get("target_deviation"));
            assertThat(mean).as("far from 0").isGreaterThan(2 * deviation);
            Tensor weight = state.get("linear.weight");
            Tensor bias = state.get("linear.bias");
            weight.copy_(Ops.mul(weight, deviation));
            bias.copy_(Ops.add(Ops.mul(bias, deviation), mean));
            state.metadata().clear();
            Safetensors.write(state, units);
        }
        try (ImageData rows = ImageData.builder(images)
                        .labels(table, Task.Kind.REGRESSION, List.of("size"))
                        .imageSize(32)
                        .batchSize(16)
                        .build();
                SavedModel own = SavedModel.open(run, null);
                SavedModel other = SavedModel.open(units, Zoo.CIFAR_RESNET8)) {
            List<double[]> expected = taylor(own, rows);
            List<double[]> found = taylor(other, rows);
            for (int i = 0; i < expected.size(); i++) {
                double largest = Arrays.stream(expected.get(i)).max().orElseThrow();
                assertThat(found.get(i)).containsExactly(expected.get(i), within(1e-3 * largest));
            }
        }
        Path half = home.resolve("half-units.safetensors");
        Object[] prune = {"prune", units, "--arch", "cifar-resnet8", "--macs", 0.5, "--criterion", "taylor"};
        Cli.run(prune, args("regression"), "--out", half).done();
        assertThat(Cli.run("evaluate", args("regression"), "--model", half, "--json")
                        .done()
                        .json()
                        .at("/metrics/mae")
                        .asDouble())
                .isLessThan(100);
    }

    private static List<double[]> taylor(SavedModel model, ImageData rows) {
        return Criterion.TAYLOR.scores(PrunableNetwork.of(model, rows.inputs()), rows, 4);
    }

    @Test
    void whatDoesNotFitIsOneLine() {
        assertRefused(
                "the task regression needs a table; name the CSV file (labels, --labels)",
                "train",
                "--data",
                images,
                "--task",
                "regression",
                "--arch",
                "cifar-resnet8",
                "--out",
                home.resolve("x"));
        assertRefused(
                "label smoothing needs one class per row, found multi-label classification; leave it out",
                "train",
                training("multi-label", "--label-smoothing", "0.1", "--out", home.resolve("x")));
        assertRefused(
                "has 3 columns of labels, 'red', 'left', 'size'; choose the one with the class",
                "train",
                "--data",
                images,
                "--labels",
                table,
                "--arch",
                "cifar-resnet8",
                "--out",
                home.resolve("x"));
        assertThat(home.resolve("x")).doesNotExist();
    }

    private static void assertRefused(String line, Object... args) {
        Cli.Answer answer = Cli.run(args);
        assertThat(answer.code()).isNotZero();
        assertThat(answer.err()).contains(line);
    }
}
