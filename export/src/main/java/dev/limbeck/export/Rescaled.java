package dev.limbeck.export;

import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** Convert the standardized outputs of a regression network to the targets' units. The network stays its caller's. */
final class Rescaled extends Module {
    private final String inputs;

    private Rescaled(Module network, Task.Regression task, List<InputSpec> inputs) {
        this.inputs = inputs.stream().map(InputSpec::name).collect(Collectors.joining(", "));
        child("network", network);
        buffer("deviation", row(task.deviations()));
        buffer("mean", row(task.means()));
    }

    /** Compile a network, for a regression with outputs in the targets' units. The caller closes the script. */
    static Script compile(Module network, Task task, List<InputSpec> inputs) {
        if (!(task instanceof Task.Regression regression) || isInUnits(regression))
            return ScriptWriter.compile(network);
        try (Scope scope = Scope.open()) {
            Rescaled inUnits = new Rescaled(network, regression, inputs);
            try {
                return ScriptWriter.compile(inUnits);
            } finally {
                // The script shares them; closing the module would also close the network.
                inUnits.ownBuffers().values().forEach(Tensor::close);
            }
        }
    }

    /** Compute a network's outputs in evaluation mode, for a regression in the targets' units. */
    static Tensor predict(Module network, Task task, Inputs given) {
        if (!(task instanceof Task.Regression regression) || isInUnits(regression)) return network.predict(given);
        try (Scope scope = Scope.open()) {
            Tensor standardized = network.predict(given);
            return scope.promote(standardized.mul(row(regression.deviations())).add(row(regression.means())));
        }
    }

    /** Return whether nothing is known of the targets, as for a file of another framework without names. */
    private static boolean isInUnits(Task.Regression task) {
        return task.means().isEmpty();
    }

    private static Tensor row(List<Double> numbers) {
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) values[i] = numbers.get(i).floatValue();
        return Tensors.of(values, 1, values.length);
    }

    @Override
    public String script() {
        return """
                def forward(self, %s):
                    return self.network.forward(%s) * self.deviation + self.mean
                """.formatted(inputs.replace(",", ": Tensor,") + ": Tensor", inputs);
    }
}
