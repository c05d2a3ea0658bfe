package dev.limbeck.nn;

import dev.limbeck.tensor.FakeQuantize;
import dev.limbeck.tensor.FakeQuantize.Affine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import java.util.Locale;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold which tensors of a module are rounded to int8: its input, its output, its weight. In training mode the ranges of input and
 * output follow the batches. A range that has observed nothing rounds nothing.
 */
final class LayerQuantization {
    static final String INPUT = "input_range";
    static final String OUTPUT = "output_range";
    private static final Pattern FORWARD = Pattern.compile("^def forward\\(self, x: Tensor\\)");

    final boolean roundsWeight;
    final @Nullable Tensor inputRange;
    final @Nullable Tensor outputRange;
    private boolean on = true;

    LayerQuantization(boolean roundsWeight, @Nullable Tensor inputRange, @Nullable Tensor outputRange) {
        this.roundsWeight = roundsWeight;
        this.inputRange = inputRange;
        this.outputRange = outputRange;
    }

    boolean isOn() {
        return on;
    }

    void set(boolean now) {
        on = now;
    }

    Inputs input(Inputs inputs, boolean training) {
        Tensor range = inputRange;
        return range == null || !on ? inputs : inputs.map(x -> rounded(x, range, training));
    }

    Tensor output(Tensor output, boolean training) {
        return outputRange == null || !on ? output : rounded(output, outputRange, training);
    }

    Tensor weight(Tensor weight) {
        return roundsWeight && on ? FakeQuantize.perChannel(weight) : weight;
    }

    private static Tensor rounded(Tensor x, Tensor range, boolean training) {
        if (training) FakeQuantize.observe_(range, x);
        return FakeQuantize.isNew(range) ? x : FakeQuantize.perTensor(x, FakeQuantize.affine(range));
    }

    /** Return the rounded value of a weight, for a graph. */
    Tensor constant(Tensor weight) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            return scope.promote(weight(weight).detach());
        }
    }

    /** Return a module's script with the rounding of its input and output. */
    String script(String source) {
        String input = call("x", on ? inputRange : null);
        String output = call("self.unrounded(" + input + ")", on ? outputRange : null);
        if (output.equals("self.unrounded(x)")) return source;
        String renamed = FORWARD.matcher(source).replaceFirst("def unrounded(self, x: Tensor)");
        return renamed + (renamed.endsWith("\n") ? "" : "\n") + "\ndef forward(self, x: Tensor):\n    return " + output
                + "\n";
    }

    private static String call(String x, @Nullable Tensor range) {
        if (range == null || FakeQuantize.isNew(range)) return x;
        Affine affine = FakeQuantize.affine(range);
        // All digits of the float: another scale would round other values.
        return String.format(
                Locale.ROOT,
                "torch.fake_quantize_per_tensor_affine(%s, %s, %d, 0, 255)",
                x,
                Double.toString(affine.scale()),
                affine.zero());
    }
}
