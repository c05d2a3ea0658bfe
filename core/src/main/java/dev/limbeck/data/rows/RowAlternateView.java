package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Mixing;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Show the rows of a batch as a model of another kind of rows reads them, mixed as they are. */
final class RowAlternateView implements AlternateView {
    private final RowEncoding encoding;
    private final List<RowEncoding.Encoded> encoded;
    private final Function<Split, int[]> rows;

    /**
     * Create a view.
     *
     * @param encoded all rows of the source
     * @param rows those of each split, by position
     */
    RowAlternateView(RowEncoding encoding, List<RowEncoding.Encoded> encoded, Function<Split, int[]> rows) {
        this.encoding = encoding;
        this.encoded = encoded;
        this.rows = rows;
    }

    @Override
    public Inputs inputs(Batch batch) {
        Provenance origin = batch.origin();
        if (origin == null) {
            if (batch.inputs().isExampleOf(inputs())) return batch.inputs();
            throw new LimbeckException("a batch of unknown origin cannot be prepared for another model");
        }
        Inputs inputs = inputs(origin.split(), batch.indices());
        Mixing mixing = origin.mixing();
        if (mixing == null) return inputs;
        if (!encoding.inputs().stream().allMatch(input -> input.type().isFloatingPoint())) {
            throw new LimbeckException(
                    "mixed rows cannot be prepared for a model that reads words or ids; leave mixup out");
        }
        return inputs.with(inputs(origin.split(), mixing.partners()), mixing::mix);
    }

    private Inputs inputs(Split split, int... indices) {
        int[] own = rows.apply(split);
        return encoding.batch(
                Arrays.stream(indices).mapToObj(i -> encoded.get(own[i])).toList());
    }

    @Override
    public Preprocessing preprocessing(Preprocessing asked) {
        return encoding.preprocessing();
    }

    @Override
    public List<InputSpec> inputs() {
        return encoding.inputs();
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
