package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Test that networks with two inputs of different types support everything that networks with one input do. */
class SeveralInputsTest {
    private static final List<InputSpec> SPECS = List.of(
            new InputSpec("values", dev.limbeck.tensor.DType.FLOAT32, new long[] {4}, 0, 0),
            InputSpec.ids("choice", 2, 0, 4));

    /** Return the value if the choice is 1, else 0. */
    private static final class Chosen extends Module {
        private final Linear fc = child("fc", new Linear(4, 3));

        @Override
        protected Tensor forward(Inputs inputs) {
            return fc.apply(inputs.get("values").mul(inputs.get("choice")));
        }

        @Override
        public String script() {
            return "def forward(self, values: Tensor, choice: Tensor):\n    return self.fc.forward(values * choice)\n";
        }
    }

    private final Chosen net = new Chosen();
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
        net.close();
    }

    @Test
    void hooksCapturesAndSummariesSeeThem() {
        Inputs inputs = net.adapt(Inputs.example(SPECS, 2));
        try (Capture capture = Capture.of(net, List.of("fc", "fc:input"));
                NoGrad noGrad = NoGrad.on()) {
            capture.start();
            Tensor output = net.apply(inputs);
            assertThat(Tensors.toFloats(capture.get("fc"))).isEqualTo(Tensors.toFloats(output));
            assertThat(Tensors.toFloats(capture.get("fc:input")))
                    .isEqualTo(Tensors.toFloats(inputs.get("values").mul(inputs.get("choice"))));
        }
        Summary summary = Summary.of(net, SPECS);
        assertThat(summary.parameters()).isEqualTo(15);
        assertThat(summary.macs()).isEqualTo(12);
    }

    @Test
    void theirScriptComputesTheSameAlsoFoldedAndRounded() {
        Inputs inputs = Inputs.example(SPECS, 5);
        float[] expected = Tensors.toFloats(net.predict(inputs));
        try (Script script = ScriptWriter.compile(net)) {
            assertThat(Tensors.toFloats(script.forward(inputs))).containsExactly(expected, within(1e-6f));
            try (var rounded = script.forInference(Precision.BF16)) {
                assertThat(Tensors.toFloats(rounded.forward(inputs))).containsExactly(expected, within(0.05f));
            }
        }
    }

    @Test
    void oneTensorForTwoInputsIsOneLine() {
        Tensor one = SPECS.get(0).example(2);
        assertThatThrownBy(() -> net.apply(one))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("no input 'values'");
        assertThatThrownBy(() -> net.fc.apply(Inputs.example(SPECS, 2)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected one input, found 2 (values, choice)");
    }
}
