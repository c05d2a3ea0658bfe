package dev.limbeck.export;

import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Convert the standardized outputs of a regression network to the targets' units. */
final class Rescaled extends Module {
    private final Module network;
    private final Tensor deviation;
    private final Tensor mean;

    private Rescaled(Module network, Task.Regression task) {
        this.network = child("network", network);
        try (Scope scope = Scope.open()) {
            deviation = buffer("deviation", row(task.deviations()));
            mean = buffer("mean", row(task.means()));
        }
        eval();
    }

    /** Return the network itself, or one in the targets' units for a regression. */
    static Module of(Module network, Task task) {
        return task instanceof Task.Regression regression ? new Rescaled(network, regression) : network;
    }

    private static Tensor row(List<Double> numbers) {
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) values[i] = numbers.get(i).floatValue();
        return Tensors.of(values, 1, values.length);
    }

    @Override
    protected Tensor forward(Tensor input) {
        return network.apply(input).mul(deviation).add(mean);
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    return self.network.forward(x) * self.deviation + self.mean
                """;
    }
}
