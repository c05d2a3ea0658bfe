package dev.limbeck.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.ClosedForm;
import dev.limbeck.Golden;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test the networks of texts, above all those that read words in order: {@code text-cnn} and {@code bilstm}. */
class TextNetsTest {
    private static final int VOCABULARY = 23;
    private static final int OUTPUTS = 3;

    static Stream<Arguments> golden() {
        return StreamSupport.stream(Golden.read("texts.json").get("models").spliterator(), false)
                .flatMap(model -> Stream.of(
                        Arguments.of(model, DType.FLOAT64, 1e-9, 0), Arguments.of(model, DType.FLOAT32, 1e-5, 4)));
    }

    /** PyTorch computed each text alone; here they are one batch, with more padding than the longest needs. */
    @ParameterizedTest
    @MethodSource("golden")
    void logitsAndGradientsAreThoseOfPyTorch(JsonNode golden, DType type, double tolerance, int more) {
        JsonNode texts = Golden.read("texts.json").get("texts");
        InputSpec ids = InputSpec.ids(InputSpec.WORDS, 9, 0, InputSpec.FREE);
        try (Scope scope = Scope.open();
                Module network = Zoo.byName(golden.get("name").asText()).create(OUTPUTS, List.of(ids))) {
            network.to(DType.FLOAT64);
            List<String> names = List.copyOf(network.parameters().keySet());
            try (NoGrad noGrad = NoGrad.on()) {
                for (int i = 0; i < names.size(); i++) {
                    double phase = i + 0.5;
                    Tensor tensor = network.parameters().get(names.get(i));
                    tensor.copy_(ClosedForm.float64(k -> 0.8 * Math.sin(1.3 * k + phase), tensor.shape()));
                }
            }
            network.to(type);
            network.eval();
            List<long[]> rows = new ArrayList<>();
            for (JsonNode text : texts) rows.add(longs(text));
            Tensor logits = network.apply(padded(rows, 0, more));
            assertThat(Tensors.toDoubles(logits))
                    .containsExactly(Golden.doubles(golden.get("logits")), within(tolerance));
            Tensor weights = Tensors.to(ClosedForm.float64(k -> Math.cos(0.7 * k), logits.shape()), type);
            logits.mul(weights).sum().backward();
            JsonNode gradients = golden.get("gradients");
            assertThat(names)
                    .containsExactlyElementsOf(gradients.properties().stream()
                            .map(Map.Entry::getKey)
                            .toList());
            for (String name : names) {
                Tensor gradient = network.parameters().get(name).grad();
                JsonNode expected = gradients.get(name);
                assertThat(gradient.shape()).as(name).containsExactly(longs(expected.get("shape")));
                assertThat(Tensors.toDoubles(gradient))
                        .as(name)
                        .containsExactly(Golden.doubles(expected.get("values")), within(10 * tolerance));
            }
        }
    }

    private static long[] longs(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToLong(JsonNode::asLong)
                .toArray();
    }

    /** Join rows of ids, padded to the longest and some more. */
    private static Tensor padded(List<long[]> rows, long pad, int more) {
        int length = rows.stream().mapToInt(row -> row.length).max().orElseThrow() + more;
        long[] all = new long[rows.size() * length];
        Arrays.fill(all, pad);
        for (int i = 0; i < rows.size(); i++) System.arraycopy(rows.get(i), 0, all, i * length, rows.get(i).length);
        return Tensors.of(all, rows.size(), length);
    }

    /** A text of no ids is one that holds padding alone. */
    @ParameterizedTest
    @CsvSource({"text-cnn, 0", "text-cnn-1, 4", "text-cnn-33, 22", "bilstm, 0", "bilstm-1, 4", "bilstm-33, 22"})
    void paddingChangesNothing(String name, int pad) {
        Tensors.seed(6);
        Random random = new Random(11);
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, VOCABULARY, pad, InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(OUTPUTS, inputs);
                Script script = ScriptWriter.compile(network)) {
            List<long[]> rows = new ArrayList<>();
            for (int length : new int[] {0, 1, 2, 3, 4, 5, 6, 9, 31, 300, 0, 2, 17}) {
                long[] row = random.longs(length, 0, VOCABULARY - 1).toArray();
                for (int i = 0; i < length; i++) if (row[i] >= pad) row[i]++;
                rows.add(row);
            }
            // A mark that a text holds itself is no reason to forget what comes after it.
            rows.add(new long[] {(pad + 1) % VOCABULARY, pad, (pad + 2) % VOCABULARY});
            for (int more : new int[] {0, 1, 40}) {
                try (Scope scope = Scope.open()) {
                    Tensor batch = padded(rows, pad, more);
                    float[] together = Tensors.toFloats(network.predict(batch));
                    assertThat(Tensors.toFloats(script.forward(batch))).containsExactly(together, within(1e-5f));
                    for (int i = 0; i < rows.size(); i++) {
                        long[] row = rows.get(i).length == 0 ? new long[] {pad} : rows.get(i);
                        assertThat(Tensors.toFloats(network.predict(Tensors.of(row, 1, row.length))))
                                .as("%s, text %d, %d more", name, i, more)
                                .containsExactly(
                                        Arrays.copyOfRange(together, i * OUTPUTS, (i + 1) * OUTPUTS), within(1e-6f));
                    }
                }
            }
        }
    }

    /** Other than a bag of words, they tell two orders of the same words apart. */
    @ParameterizedTest
    @ValueSource(strings = {"text-cnn", "bilstm"})
    void orderMatters(String name) {
        Tensors.seed(2);
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.WORDS, VOCABULARY, 0, InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(2, inputs);
                Scope scope = Scope.open()) {
            float[] one = Tensors.toFloats(network.predict(Tensors.of(new long[] {1, 2, 3, 4}, 1, 4)));
            float[] other = Tensors.toFloats(network.predict(Tensors.of(new long[] {2, 1, 3, 4}, 1, 4)));
            assertThat(Math.abs(one[0] - other[0])).isGreaterThan(1e-4f);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-cnn-7", "bilstm-7"})
    void theSavedScriptGivesEqualLogits(String name, @TempDir Path home) {
        Tensors.seed(8);
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.WORDS, VOCABULARY, 0, InputSpec.FREE));
        Path file = home.resolve("network.pt");
        try (Module network = Zoo.byName(name).create(OUTPUTS, inputs);
                Scope scope = Scope.open()) {
            try (Script script = ScriptWriter.compile(network)) {
                script.save(file, Map.of());
            }
            Tensor batch = Tensors.of(new long[] {5, 7, 3, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0}, 3, 5);
            float[] expected = Tensors.toFloats(network.predict(batch));
            try (Script loaded = TorchScriptFile.open(file).load()) {
                assertThat(Tensors.toFloats(loaded.forward(batch))).containsExactly(expected, within(1e-5f));
            }
        }
    }

    /** The engine has no LSTM in bfloat16 on most processors, so that one is computed in float32. */
    @ParameterizedTest
    @CsvSource({
        "text-cnn-8, words",
        "bilstm-8, words",
        "bag-8, ids",
        "bert-L2-H16-A2, input_ids",
        "bert-L2-H16-A2-mean, input_ids"
    })
    void trainsInBf16AndTeachesFolded(String name, String ids) {
        Tensors.seed(3);
        List<InputSpec> inputs = List.of(InputSpec.ids(ids, VOCABULARY, 0, InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(OUTPUTS, inputs);
                Scope scope = Scope.open()) {
            Tensor batch = Tensors.of(new long[] {5, 7, 3, 0, 0, 1, 2, 3, 4, 5}, 2, 5);
            Tensor trained = Autocast.apply(Precision.BF16, network::apply, Inputs.of(batch));
            assertThat(DType.of(trained)).isEqualTo(DType.FLOAT32);
            Ops.crossEntropy(trained, Tensors.of(new long[] {0, 2}, 2)).backward();
            network.parameters().forEach((path, parameter) -> {
                assertThat(DType.of(parameter.grad())).as(path).isEqualTo(DType.FLOAT32);
                assertThat(Ops.allFinite(parameter.grad())).as(path).isTrue();
            });
            float[] expected = Tensors.toFloats(network.predict(batch));
            try (Script script = ScriptWriter.compile(network);
                    InferenceGraph full = script.forInference(Precision.FP32);
                    InferenceGraph half = script.forInference(Precision.BF16)) {
                assertThat(Tensors.toFloats(full.forward(batch))).containsExactly(expected, within(1e-5f));
                assertThat(Tensors.toFloats(half.forward(batch))).containsExactly(expected, within(0.02f));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"text-cnn-16", "bilstm-16"})
    void bagsOfIdsAreRefused(String name) {
        InputSpec bag = InputSpec.ids(InputSpec.IDS, VOCABULARY, 0, InputSpec.FREE);
        assertThatThrownBy(() -> Zoo.byName(name).create(2, List.of(bag)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(name + " takes words or tokens of texts in order, found ids int64 N×?; ");
        assertThatThrownBy(() -> Zoo.byName(name.replace("16", "0")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("no architecture '" + name.replace("16", "0") + "'");
    }
}
