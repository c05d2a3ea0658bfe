package dev.limbeck.data;

import dev.limbeck.Task;
import dev.limbeck.tensor.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Provide rows without labels from a source that is read once and too large to list. It holds some rows at a time, all in the
 * training split, and then others. A teacher computes their outputs; nothing is trained with it. Preparing is thread-safe, all else
 * is for one thread at a time.
 *
 * @param <R> a row of the source
 * @param <P> a prepared row
 */
public abstract class StreamedData<R, P> implements Data {
    private final Task task;
    private final int batchSize;
    private List<P> rows = List.of();

    /**
     * Hold no rows yet.
     *
     * @param task the teacher's
     */
    protected StreamedData(Task task, int batchSize) {
        this.task = task;
        this.batchSize = batchSize;
    }

    /**
     * Prepare a row.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be used; the message says why
     */
    public abstract P prepare(R row);

    /** Return the key of a row, which is that of an equal row in other data of this kind. */
    protected abstract SampleKey key(P row);

    /** Join rows to a batch, in the caller's scope. */
    protected abstract Inputs join(List<P> some);

    /** Hold these rows instead of the last ones. */
    public void hold(List<P> prepared) {
        rows = List.copyOf(prepared);
    }

    /** Return the held rows at some positions. */
    protected final List<P> held(int... indices) {
        return Arrays.stream(indices).mapToObj(rows::get).toList();
    }

    @Override
    public final Task task() {
        return task;
    }

    @Override
    public final int size(Split split) {
        return split == Split.TRAIN ? rows.size() : 0;
    }

    @Override
    public final int batchSize() {
        return batchSize;
    }

    @Override
    public final DataLoader train(int epoch) {
        throw new IllegalStateException("streamed rows have no epochs");
    }

    @Override
    public final DataLoader evaluate(Split split) {
        return loader(split, IntStream.range(0, rows.size()).toArray());
    }

    @Override
    public final DataLoader sample(Split split, int most) {
        return loader(split, Data.spaced(rows.size(), most));
    }

    private DataLoader loader(Split split, int... order) {
        if (split != Split.TRAIN) throw new IllegalStateException("streamed rows are in the training split");
        return new OrderedLoader(order, batchSize, indices -> {
            Inputs inputs = join(held(indices));
            return new Batch(
                    inputs, Batch.of(inputs).targets(), indices, new Provenance(Split.TRAIN, Provenance.PLAIN));
        });
    }

    @Override
    public final Targets targets(Split split) {
        int[] none = new int[size(split)];
        Arrays.fill(none, -1);
        return Targets.labels(none);
    }

    @Override
    public final int[] views() {
        return new int[] {Provenance.PLAIN};
    }

    @Override
    public final SampleKey @Nullable [] keys(Provenance origin, int... indices) {
        return held(indices).stream().map(this::key).toArray(SampleKey[]::new);
    }

    /** {@inheritDoc} It is empty: the rows change. */
    @Override
    public final String fingerprint() {
        return "";
    }

    @Override
    public final Map<String, Object> describe() {
        return Map.of("source", origin());
    }

    @Override
    public void close() {
        rows = List.of();
    }
}
