package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.predict.Predictors;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Zoo;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test folders that transformers 5.18 wrote, of random weights, with the logits that it computed for padded texts. */
class HuggingFaceFolderTest {
    private static final Path RESOURCES = Path.of("src", "test", "resources", "dev", "limbeck", "model");

    @TempDir
    Path home;

    private static long[] ids(JsonNode rows) {
        long[] ids = new long[rows.size() * rows.path(0).size()];
        int at = 0;
        for (JsonNode row : rows) for (JsonNode id : row) ids[at++] = id.asLong();
        return ids;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny-bert", "tiny-distilbert"})
    void logitsAreThoseOfTransformersPaddedOrAlone(String name) throws IOException {
        File file = RESOURCES.resolve(name).resolve("expected.json").toFile();
        JsonNode expected = new ObjectMapper().readTree(file);
        JsonNode rows = expected.path("ids");
        try (SavedModel model = SavedModel.open(RESOURCES.resolve(name), null);
                Script script = ScriptWriter.compile(model.module());
                Scope scope = Scope.open()) {
            assertThat(model.classNames()).containsExactly("card", "payment", "other");
            Tensor ids = Tensors.of(ids(rows), rows.size(), rows.path(0).size());
            float[] logits = Tensors.toFloats(model.module().predict(Inputs.of(ids)));
            float[] scripted = Tensors.toFloats(script.forward(ids));
            int at = 0;
            for (JsonNode row : expected.path("logits")) {
                for (JsonNode value : row) {
                    assertThat(logits[at]).isCloseTo((float) value.asDouble(), within(1e-5f));
                    assertThat(scripted[at++]).isCloseTo((float) value.asDouble(), within(1e-5f));
                }
            }
            int[] lengths = {9, 5, 2, 7};
            for (int row = 0; row < lengths.length; row++) {
                Tensor alone = ids.narrow(0, row, 1).narrow(1, 0, lengths[row]);
                float[] found = Tensors.toFloats(model.module().predict(Inputs.of(alone)));
                for (int c = 0; c < 3; c++) assertThat(found[c]).isCloseTo(logits[row * 3 + c], within(1e-6f));
            }
        }
    }

    @Test
    void anEncoderIsTheBodyOfANewClassifier() throws IOException {
        Path folder = RESOURCES.resolve("tiny-bert");
        HuggingFaceFolder read = HuggingFaceFolder.read(folder);
        assertThat(read.architecture().name()).isEqualTo("bert-L2-H8-A2-P24");
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 30, 0, InputSpec.FREE));
        for (Bert.Pooling pooling : Bert.Pooling.values()) {
            Bert.Size size = new Bert.Size(2, 8, 2, 32, 24, pooling);
            try (Module network = size.architecture().create(5, inputs);
                    SavedModel whole = SavedModel.open(folder, null);
                    Scope scope = Scope.open()) {
                float[] before = Tensors.toFloats(network.parameters().get("classifier.weight"));
                String said = BackboneWeights.load(folder, null, null, network, size.architecture());
                assertThat(said).contains("tensors read from " + folder);
                assertThat(Tensors.toFloats(network.parameters().get("classifier.weight")))
                        .containsExactly(before);
                String path = "bert.encoder.layer.1.attention.self.key.weight";
                assertThat(Tensors.toFloats(network.parameters().get(path)))
                        .containsExactly(
                                Tensors.toFloats(whole.module().parameters().get(path)));
            }
        }
        try (Module other = Zoo.byName("bert-tiny").create(5, inputs)) {
            assertThatThrownBy(() -> BackboneWeights.load(folder, null, null, other, Zoo.byName("bert-tiny")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(folder
                            + " is a bert-L2-H8-A2-P24, found bert-tiny; set the architecture (student, --arch) to "
                            + "bert-L2-H8-A2-P24");
        }
    }

    /** Return a copy of the small BERT whose configuration is changed. */
    private Path changed(String from, String to) throws IOException {
        Path folder = home.resolve("model");
        FileUtils.copyDirectory(RESOURCES.resolve("tiny-bert").toFile(), folder.toFile());
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));
        return folder;
    }

    private Path problem(String type) throws IOException {
        return changed("\"pad_token_id\"", "\"problem_type\": " + type + ", \"pad_token_id\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "null | SINGLE_LABEL",
                "\"single_label_classification\" | SINGLE_LABEL",
                "\"multi_label_classification\" | MULTI_LABEL",
                "\"regression\" | REGRESSION"
            })
    void theProblemTypeIsTheTask(String type, Task.Kind kind) throws IOException {
        Path folder = problem(type);
        try (SavedModel model = SavedModel.open(folder, null)) {
            assertThat(model.task()).isEqualTo(Task.of(kind, List.of("card", "payment", "other")));
            assertThat(model.knowsTask()).isTrue();
            RowEncoding encoding = RowModality.ofSaved(model.preprocessing()).orElseThrow();
            List<RowEncoding.Encoded> rows = List.of(encoding.encode("where is my card"));
            double[] outputs;
            try (Scope scope = Scope.open()) {
                outputs = Tensors.toDoubles(model.module().predict(encoding.batch(rows)));
            }
            double[] expected = model.task().decode(outputs);
            double[] found = kind == Task.Kind.REGRESSION
                    ? Predictors.regressor(model, encoding::batch).predictAll(rows).get(0).values().stream()
                            .mapToDouble(Double::doubleValue)
                            .toArray()
                    : Predictors.classifier(model, encoding::batch)
                            .predictAll(rows)
                            .get(0)
                            .probabilities()
                            .values()
                            .stream()
                            .mapToDouble(Double::doubleValue)
                            .toArray();
            assertThat(found).containsExactly(expected, within(1e-6));
            if (kind == Task.Kind.REGRESSION) assertThat(found).containsExactly(outputs, within(1e-6));
            if (kind == Task.Kind.MULTI_LABEL) {
                assertThat(found[1]).isCloseTo(1 / (1 + Math.exp(-outputs[1])), within(1e-6));
            }
        }
    }

    @Test
    void oneLabelIsANumberAndOtherProblemsAreRefused() throws IOException {
        Path one = changed(",\n    \"1\": \"payment\",\n    \"2\": \"other\"", "");
        assertThat(HuggingFaceFolder.read(one).task()).isEqualTo(new Task.Regression(List.of("card")));
        assertThatThrownBy(() -> SavedModel.open(problem("\"ranking\""), null))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(home.resolve("model/config.json")
                        + ": must have problem_type single_label_classification, multi_label_classification or regression, "
                        + "found \"ranking\"; correct it");
    }

    /** Numbers are in the targets' units, and the student's targets are standardized. */
    @Test
    void aRegressionTeachesOnTheStudentsScale() throws IOException {
        Path table = Files.writeString(
                home.resolve("rows.csv"),
                "text,card,payment,other\nwhere is my card,1,20,3\nlost,5,10,9\ntop up is late,3,60,4\n");
        Rows rows = Rows.read(
                RowFiles.of(table), List.of("card", "payment", "other"), Task.Kind.REGRESSION, Set.of(), line -> {});
        try (SavedModel model = SavedModel.open(problem("\"regression\""), null);
                RowData data = new RowData(
                        rows,
                        new SplitSettings(1, 0, 0, 0, false, false),
                        3,
                        plan -> RowModality.ofSaved(model.preprocessing()).orElseThrow());
                Scope scope = Scope.open();
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            Teacher teacher = MappedTeacher.matching(ModuleTeacher.of(model), false, Map.of(), data.task());
            Batch batch = batches.next();
            double[] own = Tensors.toDoubles(model.module().predict(batch.inputs()));
            TeacherContext context = new TeacherContext(data, Engine.device("cpu"), Precision.FP32, null);
            try (TeacherSession session = teacher.open(context)) {
                double[] taught = Tensors.toDoubles(session.logits(batch));
                Task.Regression task = (Task.Regression) data.task();
                assertThat(task.means()).isNotEqualTo(List.of(0.0, 0.0, 0.0));
                for (int i = 0; i < own.length; i++) {
                    assertThat(taught[i]).isCloseTo(task.standardized(i % 3, own[i]), within(1e-4));
                }
            }
        }
    }

    @Test
    void aKeyOfWeightsIsForFiles() throws IOException {
        Path folder = RESOURCES.resolve("tiny-bert");
        String words =
                "weights_key (--weights-key) chooses among the weights of a file, found model_ema for the folder "
                        + folder + "; leave it out, or give a file";
        assertThatThrownBy(() -> SavedModel.open(folder, null, "model_ema")).hasMessage(words);
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 30, 0, InputSpec.FREE));
        Architecture architecture = HuggingFaceFolder.read(folder).architecture();
        try (Module network = architecture.create(5, inputs)) {
            assertThatThrownBy(() -> BackboneWeights.load(folder, "model_ema", null, network, architecture))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(words);
        }
    }

    @Test
    void aFolderOfImagesIsSentToItsFile() throws IOException {
        Path folder = Files.createDirectories(home.resolve("timm"));
        Files.writeString(folder.resolve("config.json"), "{\"architecture\": \"resnet18\"}");
        Path weights = Files.writeString(folder.resolve("model.safetensors"), "");
        assertThatThrownBy(() -> SavedModel.open(folder, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(folder.resolve("config.json")
                        + ": has no model_type, so the folder is none of transformers; for a network of images give its "
                        + "file of weights, " + weights);
    }

    /** Shapes do not show how a width is divided. */
    @Test
    void headsAreThoseOfTheConfigurationBesideAFile() throws IOException {
        Path folder = changed("\"pad_token_id\": 0", "\"pad_token_id\": 0");
        Path weights = folder.resolve("model.safetensors");
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 30, 0, InputSpec.FREE));
        Architecture right = new Bert.Size(2, 8, 2, 32, 24, Bert.Pooling.TANH).architecture();
        Architecture wrong = new Bert.Size(2, 8, 4, 32, 24, Bert.Pooling.TANH).architecture();
        try (Module network = right.create(5, inputs);
                Module other = wrong.create(5, inputs)) {
            assertThat(BackboneWeights.load(weights, null, null, network, right))
                    .doesNotContain("heads");
            assertThatThrownBy(() -> BackboneWeights.load(weights, null, null, other, wrong))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(weights + " has no weights of " + wrong.name() + ": expected 4 heads, found 2; set the "
                            + "architecture to one with as many (student, --arch)");
            Files.delete(folder.resolve("config.json"));
            assertThat(BackboneWeights.load(weights, null, null, other, wrong))
                    .contains("it does not say its heads, taken as 4");
        }
    }

    @Test
    void oneEncoderMayHaveTwoNames() {
        assertThat(Bert.Size.areSame("bert-tiny", "bert-L2-H128-A2")).isTrue();
        assertThat(Bert.Size.areSame("bert-tiny", "bert-L2-H128-A4")).isFalse();
        assertThat(Bert.Size.areSame("resnet18", "resnet34")).isFalse();
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 5, 0, InputSpec.FREE));
        List<String> words = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "word");
        TextPreprocessing texts = new TextPreprocessing("text", new WordPiece(words, WordPiece.Rules.uncased(), 8));
        Path file = home.resolve("tiny.safetensors");
        Architecture named = Zoo.byName("bert-tiny");
        Architecture sized = Zoo.byName("bert-L2-H128-A2");
        List<String> classes = List.of("a", "b");
        try (Module network = named.create(2, inputs);
                StateDict state = network.stateDict()) {
            state.metadata().putAll(SavedModel.metadata("bert-tiny", new Task.SingleLabel(classes), texts));
            Safetensors.write(state, file);
        }
        SavedModel.open(file, sized).close();
        assertThat(TrainedWeights.architecture(file, sized, classes).name()).isEqualTo(sized.name());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"model_type\": \"bert\" | \"model_type\": \"albert\" | its model_type must be bert, distilbert, roberta or xlm-roberta, found 'albert'",
                "\"hidden_act\": \"gelu\" | \"hidden_act\": \"relu\" | must have hidden_act gelu, found 'relu'",
                "\"hidden_size\": 8 | \"hidden_size\": -8 | must have hidden_size from 1 to",
                "\"hidden_size\": 8 | \"hidden_size\": 16 | lacks 37 tensors of a bert-L2-H16-A2-I32-P24",
                "\"hidden_size\": 8 | \"hidden_size\": 1000000 | is not a bert-L2-H1000000-A2-I32-P24: its sizes need many more numbers than it has",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 3 | lacks 16 tensors of a bert-L3-H8-A2-P24",
                "\"vocab_size\": 30 | \"vocab_size\": 20 | its tokenizer has 30 words, its model 20",
                "ForSequenceClassification | Model | has no classifier; fine-tune one with train --weights",
                "{ | [ | is not JSON"
            })
    void whatDoesNotFitIsOneLine(String from, String to, String message) throws IOException {
        Path folder = changed(from, to);
        assertThatThrownBy(() -> SavedModel.open(folder, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void gradientsReachEveryParameterThatIsUsed() {
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 30, 0, InputSpec.FREE));
        try (Module network = new Bert.Size(2, 8, 2, 16, 24, Bert.Pooling.MEAN)
                        .architecture()
                        .create(3, inputs);
                Scope scope = Scope.open()) {
            network.train();
            Tensor logits = network.apply(Tensors.of(new long[] {2, 7, 8, 3, 2, 9, 3, 0}, 2, 4));
            Ops.crossEntropy(logits, Tensors.of(new long[] {0, 2}, 2)).backward();
            assertThat(network.parameters())
                    .allSatisfy((name, value) ->
                            assertThat(value.grad().defined()).as(name).isTrue());
        }
    }
}
