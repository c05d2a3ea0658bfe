package dev.limbeck.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowNetsTest {
    private static final InputSpec NUMBERS = new InputSpec("numbers", DType.FLOAT32, new long[] {3}, 0, 0);
    private static final InputSpec WORDS = InputSpec.ids("categories", 7, 0, 2);
    private static final InputSpec IDS = InputSpec.ids("ids", 11, 0, InputSpec.FREE);

    @ParameterizedTest
    @ValueSource(strings = {"linear", "mlp", "mlp-5-4-3"})
    void tableNetworksAndTheirScriptsAgreeForAnyInputs(String name) {
        for (List<InputSpec> inputs : List.of(List.of(NUMBERS, WORDS), List.of(NUMBERS), List.of(WORDS))) {
            try (Module network = Zoo.byName(name).create(4, inputs);
                    Script script = ScriptWriter.compile(network);
                    Scope scope = Scope.open()) {
                Inputs rows = Inputs.example(inputs, 3);
                float[] expected = Tensors.toFloats(network.predict(rows));
                assertThat(expected).hasSize(12);
                assertThat(Tensors.toFloats(script.forward(rows))).containsExactly(expected, within(1e-6f));
            }
        }
    }

    @Test
    void aLinearModelAddsARowForEachWord() {
        try (Module network = Zoo.byName("linear").create(2, List.of(WORDS));
                Scope scope = Scope.open()) {
            float[] table = Tensors.toFloats(network.parameters().get("words.weight"));
            Tensor ids = Tensors.of(new long[] {1, 6}, 1, 2);
            float[] found = Tensors.toFloats(network.predict(Inputs.of(Map.of("categories", ids))));
            for (int c = 0; c < 2; c++) assertThat(found[c]).isEqualTo(table[2 + c] + table[12 + c], within(1e-6f));
        }
    }

    @Test
    void aBagIsTheSameWhateverFillsItsBatch() {
        try (Module network = Zoo.byName("bag-4").create(3, List.of(IDS));
                Script script = ScriptWriter.compile(network);
                Scope scope = Scope.open()) {
            float[] alone = Tensors.toFloats(network.predict(Inputs.of(Tensors.of(new long[] {5, 7}, 1, 2))));
            Inputs filled = Inputs.of(Tensors.of(new long[] {5, 7, 0, 0, 1, 2, 3, 4}, 2, 4));
            float[] both = Tensors.toFloats(network.predict(filled));
            for (int c = 0; c < 3; c++) assertThat(both[c]).isEqualTo(alone[c], within(1e-6f));
            assertThat(Tensors.toFloats(script.forward(filled))).containsExactly(both, within(1e-6f));
            // A text without any word has the classifier's bias.
            Inputs empty = Inputs.of(Tensors.of(new long[] {0}, 1, 1));
            assertThat(Tensors.toFloats(network.predict(empty)))
                    .containsExactly(Tensors.toFloats(network.parameters().get("classifier.bias")), within(1e-6f));
        }
    }

    @Test
    void otherInputsAreRefusedInOneLine() {
        assertThatThrownBy(() -> Zoo.byName("mlp").create(2))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("mlp is made for the inputs of data, found none; name the data");
        assertThatThrownBy(() -> Zoo.byName("mlp").create(2, List.of(InputSpec.floats(3, 8, 8))))
                .hasMessageStartingWith("mlp takes rows of tables, found x float32 N×3×8×8; choose a network");
        assertThatThrownBy(() -> Zoo.byName("bag").create(2, List.of(NUMBERS)))
                .hasMessageContaining("bag takes hashed words of texts, found numbers float32 N×3; choose a network");
        assertThatThrownBy(() -> Zoo.RESNET18.create(2, List.of(IDS)))
                .hasMessageStartingWith("resnet18 takes images, found ids int64 N×?; choose a network for such data: ");
    }
}
