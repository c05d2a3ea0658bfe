package dev.limbeck.export;

import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** Convert the standardized outputs of a regression network to the targets' units. */
final class Rescaled extends Module {
    private final Module network;
    private final Tensor deviation;
    private final Tensor mean;

    private final String inputs;

    private Rescaled(Module network, Task.Regression task, List<InputSpec> inputs) {
        this.inputs = inputs.stream().map(InputSpec::name).collect(Collectors.joining(", "));
        this.network = child("network", network);
        try (Scope scope = Scope.open()) {
            deviation = buffer("deviation", row(task.deviations()));
            mean = buffer("mean", row(task.means()));
        }
        eval();
    }

    /** Return the network itself, or one in the targets' units for a regression. */
    static Module of(Module network, Task task, List<InputSpec> inputs) {
        return task instanceof Task.Regression regression ? new Rescaled(network, regression, inputs) : network;
    }

    private static Tensor row(List<Double> numbers) {
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) values[i] = numbers.get(i).floatValue();
        return Tensors.of(values, 1, values.length);
    }

    @Override
    protected Tensor forward(Inputs given) {
        return network.apply(given).mul(deviation).add(mean);
    }

    @Override
    public String script() {
        return """
                def forward(self, %s):
                    return self.network.forward(%s) * self.deviation + self.mean
                """.formatted(inputs.replace(",", ": Tensor,") + ": Tensor", inputs);
    }
}
