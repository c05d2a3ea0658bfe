package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Say how features of a layer are compared: as a map or as a vector. That is decided once, before the first step, because batches of texts
 * differ in length.
 *
 * @param shape without the batch dimension
 * @param ofTokens whether there is a vector for each token that the network reads, so the length is that of a batch
 */
record FeatureForm(long[] shape, boolean ofTokens) {
    private static final int MOST_EXTRA_TOKENS = 2;
    private static final int ROWS = 2;
    /** Another length than that of examples: what differs between both depends on the length. */
    private static final long OTHER_LENGTH = InputSpec.EXAMPLE_LENGTH + 4;

    /** Describe features that have one shape in all batches. */
    static FeatureForm of(long... shape) {
        return new FeatureForm(shape, false);
    }

    /**
     * Find the forms of layers from examples of a network's inputs, of two lengths if any is allowed.
     *
     * @param shapes computes an example, and returns the shapes of the layers by name, with the batch dimension
     * @throws LimbeckException if the length of a text changes a layer otherwise than one vector for each token
     */
    static Map<String, FeatureForm> find(List<InputSpec> inputs, Function<Inputs, Map<String, long[]>> shapes) {
        Map<String, long[]> first = shapes.apply(Inputs.example(inputs, ROWS));
        Map<String, long[]> second = inputs.stream().anyMatch(InputSpec::hasFreeLength)
                ? shapes.apply(Inputs.example(inputs, ROWS, OTHER_LENGTH))
                : first;
        Map<String, FeatureForm> forms = new LinkedHashMap<>();
        first.forEach((layer, shape) -> forms.put(layer, of(layer, inputs, shape, second.get(layer))));
        return forms;
    }

    private static FeatureForm of(String layer, List<InputSpec> inputs, long[] shape, long @Nullable [] longer) {
        long[] row = Arrays.copyOfRange(shape, 1, shape.length);
        if (Arrays.equals(shape, longer)) return of(row);
        long[] expected = {ROWS, OTHER_LENGTH, shape[shape.length - 1]};
        boolean ofTokens = shape.length == 3 && shape[1] == InputSpec.EXAMPLE_LENGTH && padded(inputs) != null;
        if (ofTokens && Arrays.equals(longer, expected)) return new FeatureForm(row, true);
        throw new LimbeckException("layer '" + layer + "' returns " + Tensors.shapeText(shape) + " for texts of "
                + InputSpec.EXAMPLE_LENGTH + " tokens, and "
                + (longer == null ? "nothing" : Tensors.shapeText(longer)) + " for " + OTHER_LENGTH
                + "; a layer of texts must give rows×channels or rows×tokens×channels, so choose another");
    }

    /** Return the input whose rows are padded to the longest of a batch; null if there is none, or more than it. */
    static @Nullable InputSpec padded(List<InputSpec> inputs) {
        if (inputs.size() != 1) return null;
        InputSpec only = inputs.get(0);
        return only.shape().length == 1 && only.hasFreeLength() ? only : null;
    }

    /** Return which tokens are not padding, bool N×length. */
    static Tensor mask(InputSpec padded, Inputs inputs) {
        return Ops.ne(inputs.only(), (long) padded.pad());
    }

    /** Return the shape that is compared: channels×height×width of a map, or the channels of a vector. */
    long[] compared() {
        return ofTokens ? new long[] {shape[1]} : asMap(shape);
    }

    /**
     * Return features as a map or a vector.
     *
     * @param mask which tokens are not padding, bool N×length; null if none is
     */
    Tensor compared(Tensor features, @Nullable Tensor mask) {
        if (features.dim() != 3) return features;
        if (ofTokens) return mean(features, mask);
        long[] map = asMap(features.size(1), features.size(2));
        if (map.length != compared().length) {
            throw new LimbeckException("a layer returned " + Tensors.shapeText(shape) + " for the first row, and "
                    + features.size(1) + "×" + features.size(2)
                    + " for another; pairs need as many tokens in each batch, so choose another layer");
        }
        if (map.length == 1) return features.mean(1);
        long positions = map[1] * map[2];
        return features.narrow(1, features.size(1) - positions, positions)
                .transpose(1, 2)
                .reshape(features.size(0), features.size(2), map[1], map[2]);
    }

    /** Return the number of channels. */
    long width() {
        return shape.length == 2 ? shape[1] : shape[0];
    }

    /** Return one vector for each row: the mean over its positions, or its tokens that are not padding. */
    Tensor vector(Tensor features, @Nullable Tensor mask) {
        return ofTokens ? mean(features, mask) : Ops.embedding(features);
    }

    private static Tensor mean(Tensor tokens, @Nullable Tensor mask) {
        if (mask == null) return tokens.mean(1);
        Tensor count = Ops.sum(Tensors.to(mask, DType.of(tokens)), 1);
        return Ops.sum(Ops.where(mask.unsqueeze(2), tokens, 0), 1)
                .div(Ops.clampMin(count, 1).unsqueeze(1));
    }

    /** Return channels×height×width for tokens×channels if the tokens form a square after up to two extra tokens. */
    static long[] asMap(long... shape) {
        if (shape.length != 2) return shape;
        for (int extra = 0; extra <= MOST_EXTRA_TOKENS; extra++) {
            long side = Math.round(Math.sqrt(shape[0] - extra));
            if (side > 0 && side * side == shape[0] - extra) return new long[] {shape[1], side, side};
        }
        return new long[] {shape[1]};
    }
}
