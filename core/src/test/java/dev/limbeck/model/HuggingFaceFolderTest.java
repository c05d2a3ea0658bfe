package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Zoo;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        Path folder = home.resolve("model");
        FileUtils.copyDirectory(RESOURCES.resolve("tiny-bert").toFile(), folder.toFile());
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));
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
