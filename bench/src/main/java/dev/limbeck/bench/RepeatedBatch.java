package dev.limbeck.bench;

import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Return the same tensors as every batch, so that a step prepares no data. */
final class RepeatedBatch implements Data {
    private static final int VOCABULARY = 30522;

    private final InputSpec spec;
    private final Tensor input;
    private final Tensor labels;
    private final int rows;
    private final int classes;
    private final int batches;

    /**
     * Repeat a batch of floating-point numbers.
     *
     * @param input N×…, which this object closes
     * @param classes number of classes; sample i has label i mod classes
     * @param batches number of batches per epoch
     */
    RepeatedBatch(Tensor input, int classes, int batches) {
        this(InputSpec.floats(Arrays.copyOfRange(input.shape(), 1, input.shape().length)), input, classes, batches);
    }

    /** Repeat a batch of the described input. */
    RepeatedBatch(InputSpec spec, Tensor input, int classes, int batches) {
        this.spec = spec;
        this.input = Scope.retain(input);
        this.classes = classes;
        this.batches = batches;
        rows = Math.toIntExact(input.size(0));
        long[] values = IntStream.range(0, rows).mapToLong(i -> i % classes).toArray();
        labels = Scope.retain(Tensors.of(values, rows));
    }

    /** Repeat sentences that fill three quarters of a length in tokens or more, as batches by length do. */
    static RepeatedBatch sentences(int rows, int length, int classes, int batches) {
        long[] ids = new long[rows * length];
        for (int row = 0; row < rows; row++) {
            int tokens = length - row % (length / 4 + 1);
            for (int i = 0; i < tokens; i++) ids[row * length + i] = 1000 + (row * 7919L + i * 104_729L) % 29_000;
        }
        InputSpec spec = InputSpec.ids(InputSpec.TOKENS, VOCABULARY, 0, InputSpec.FREE);
        return new RepeatedBatch(spec, Tensors.of(ids, rows, length), classes, batches);
    }

    @Override
    public Task task() {
        return new Task.SingleLabel(
                IntStream.range(0, classes).mapToObj(i -> "class" + i).toList());
    }

    @Override
    public int size(Split split) {
        return split == Split.TRAIN ? rows * batches : 0;
    }

    @Override
    public int batchSize() {
        return rows;
    }

    @Override
    public DataLoader train(int epoch) {
        int[] indices = IntStream.range(0, rows).toArray();
        return new DataLoader() {
            private int given;

            @Override
            public int batches() {
                return batches;
            }

            @Override
            public Batch next() {
                if (given++ >= batches) throw new IllegalStateException("all batches were given");
                return new Batch(Inputs.of(Map.of(spec.name(), input)), labels, indices);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public DataLoader evaluate(Split split) {
        throw new IllegalStateException("only training is measured");
    }

    @Override
    public List<InputSpec> inputs() {
        return List.of(spec);
    }

    @Override
    public Targets targets(Split split) {
        return Targets.labels(
                IntStream.range(0, size(split)).map(i -> i % rows % classes).toArray());
    }

    @Override
    public String fingerprint() {
        return "repeated";
    }

    @Override
    public Map<String, Object> describe() {
        return Map.of("source", "one random batch, repeated");
    }

    @Override
    public void close() {
        input.close();
        labels.close();
    }
}
