package dev.limbeck.nn;

import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * List the layers of a network with output shapes and parameter counts.
 *
 * @param parameters number of trainable and frozen parameters
 */
public record Summary(List<Row> rows, long parameters, long trainable) {
    /**
     * Describe one layer.
     *
     * @param output output shape for the probed batch; empty if the layer did not run
     * @param parameters own parameters, without those of children
     * @param macs multiply–accumulate operations of the layer itself per input row
     */
    public record Row(String path, String type, long[] output, long parameters, long macs) {}

    /**
     * Run a network on an example of its inputs, in eval mode, and leave modes and statistics untouched.
     *
     * @param inputs of the network, in its order
     */
    public static Summary of(Module network, List<InputSpec> inputs) {
        Map<Module, long[]> shapes = new HashMap<>();
        List<ForwardHook.Registration> hooks = new ArrayList<>();
        try (Scope scope = Scope.open();
                Module.ModeGuard mode = network.evalMode();
                NoGrad noGrad = NoGrad.on()) {
            network.modules()
                    .values()
                    .forEach(module -> hooks.add(module.onForwardWithoutKeeping((m, given, output) -> {
                        shapes.put(m, output.shape());
                        return null;
                    })));
            network.apply(network.adapt(Inputs.example(inputs, 1)));
        } finally {
            hooks.forEach(ForwardHook.Registration::close);
        }
        List<Row> rows = new ArrayList<>();
        network.modules()
                .forEach((path, module) -> rows.add(new Row(
                        path,
                        module.getClass().getSimpleName(),
                        shapes.getOrDefault(module, new long[0]),
                        module.ownParameters().values().stream()
                                .mapToLong(Tensor::numel)
                                .sum(),
                        macs(module, shapes.get(module)))));
        long trainable = network.parameters().values().stream()
                .filter(Tensor::requires_grad)
                .mapToLong(Tensor::numel)
                .sum();
        return new Summary(List.copyOf(rows), network.parameterCount(), trainable);
    }

    /** Return the multiply–accumulate operations per input row, of convolutions, linear layers and LSTMs. */
    public long macs() {
        return rows.stream().mapToLong(Row::macs).sum();
    }

    /** A weight of O×… is used once per output position, in convolutions and linear layers, and an LSTM's once per step. */
    private static long macs(Module module, long @Nullable [] output) {
        if (module instanceof Lstm && output != null) {
            return output[1]
                    * module.ownParameters().values().stream()
                            .filter(weight -> weight.dim() > 1)
                            .mapToLong(Tensor::numel)
                            .sum();
        }
        Tensor weight = module.ownParameters().get("weight");
        if (weight == null || weight.dim() < 2 || output == null || module instanceof Embedding) return 0;
        long positions = 1;
        for (int i = 1; i < output.length; i++) positions *= output[i];
        return weight.numel() * (positions / weight.size(0));
    }

    /** Return the table: one line per layer, then the totals. */
    @Override
    public String toString() {
        int path =
                Math.max(5, rows.stream().mapToInt(r -> r.path().length()).max().orElse(0));
        int type =
                Math.max(4, rows.stream().mapToInt(r -> r.type().length()).max().orElse(0));
        String format = "%-" + path + "s  %-" + type + "s  %-18s %,12d%n";
        StringBuilder text = new StringBuilder(
                ("%-" + path + "s  %-" + type + "s  %-18s %12s%n").formatted("layer", "type", "output", "parameters"));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT, format, row.path(), row.type(), Tensors.shapeText(row.output()), row.parameters()));
        }
        return text.append(String.format(
                        Locale.ROOT, "%,d parameters, %,d trainable, %,d MACs", parameters, trainable, macs()))
                .toString();
    }
}
