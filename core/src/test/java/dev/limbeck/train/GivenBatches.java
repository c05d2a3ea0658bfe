package dev.limbeck.train;

import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.OrderedLoader;
import dev.limbeck.data.Pass;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Give a test full control of the batches: each is created by its number, without shuffling, optionally with one for
 * validation.
 */
public final class GivenBatches implements Data {
    private final int batches;
    private final int rows;
    private final IntFunction<Tensor> inputs;
    private final IntFunction<long[]> labels;
    private final boolean valid;
    private List<String> classNames;
    private Preprocessing preprocessing = Preprocessing.none();
    private long[] shape = {3, 64, 64};

    public GivenBatches(
            int batches, int rows, int classes, IntFunction<Tensor> inputs, IntFunction<long[]> labels, boolean valid) {
        this.batches = batches;
        this.rows = rows;
        this.inputs = inputs;
        this.labels = labels;
        this.valid = valid;
        classNames = IntStream.range(0, classes).mapToObj(i -> "class" + i).toList();
    }

    /** Replace the default class names class0, class1, … */
    public GivenBatches named(String... names) {
        classNames = List.of(names);
        return this;
    }

    /**
     * Set the preprocessing of inputs, which are images then; missing settings have the defaults of pretrained
     * networks.
     */
    public GivenBatches prepared(Map<String, String> how) {
        preprocessing = ImagePreprocessing.defaults((int) shape[2]).with(how);
        return this;
    }

    /** Set the shape of a row; the default is 3×64×64. */
    public GivenBatches shaped(long... rowShape) {
        shape = rowShape;
        return this;
    }

    @Override
    public Task task() {
        return new Task.SingleLabel(classNames);
    }

    @Override
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public AlternateView alternateView(Preprocessing other) {
        boolean sameSize = preprocessing instanceof ImagePreprocessing given
                && other instanceof ImagePreprocessing wanted
                && given.height() == wanted.height()
                && given.width() == wanted.width();
        return sameSize
                ? ImageTensors.renormalized((ImagePreprocessing) preprocessing, (ImagePreprocessing) other)
                : Data.super.alternateView(other);
    }

    @Override
    public int size(Split split) {
        return switch (split) {
            case TRAIN -> batches * rows;
            case VALID -> valid ? rows : 0;
            case TEST -> 0;
        };
    }

    @Override
    public int batchSize() {
        return rows;
    }

    @Override
    public DataLoader train(int epoch) {
        return stream(epoch * batches, batches, new Provenance(Split.TRAIN, epoch));
    }

    @Override
    public DataLoader evaluate(Split split) {
        Provenance origin = new Provenance(split, Provenance.PLAIN);
        return split == Split.TRAIN ? stream(0, batches, origin) : stream(1000, 1, origin);
    }

    /** {@inheritDoc} They are not shuffled, and each epoch is a view. */
    @Override
    public Pass pass(int epoch) {
        return new Pass(Split.TRAIN, epoch, IntStream.range(0, batches * rows).toArray());
    }

    @Override
    public DataLoader load(Pass pass, Shard shard) {
        return shard.of(new OrderedLoader(pass.rows(), rows, indices -> {
            Tensor[] each = new Tensor[indices.length];
            long[] own = new long[indices.length];
            for (int i = 0; i < each.length; i++) {
                int batch = Math.max(0, pass.view()) * batches + indices[i] / rows;
                each[i] = inputs.apply(batch).narrow(0, indices[i] % rows, 1);
                own[i] = labels.apply(batch)[indices[i] % rows];
            }
            return new Batch(
                    Inputs.of(Ops.cat(0, each)),
                    Tensors.of(own, own.length),
                    indices,
                    new Provenance(pass.split(), pass.view()));
        }));
    }

    /** Rows of different epochs have different keys. */
    @Override
    public SampleKey[] keys(Provenance origin, int... indices) {
        return Arrays.stream(indices)
                .mapToObj(index -> new SampleKey(origin.split().ordinal() * 1000L + origin.view(), index))
                .toArray(SampleKey[]::new);
    }

    private DataLoader stream(int first, int count, Provenance origin) {
        return new DataLoader() {
            private int next = 0;

            @Override
            public int batches() {
                return count;
            }

            @Override
            public Batch next() {
                if (next == count) return null;
                int i = first + next;
                int row = next++ * rows;
                return new Batch(
                        Inputs.of(inputs.apply(i)),
                        Tensors.of(labels.apply(i), rows),
                        IntStream.range(row, row + rows).toArray(),
                        origin);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public List<InputSpec> inputs() {
        return List.of(InputSpec.floats(shape));
    }

    @Override
    public Targets targets(Split split) {
        IntStream numbers = split == Split.VALID ? IntStream.of(1000) : IntStream.range(0, batches);
        return Targets.labels(numbers.mapToObj(labels)
                .flatMapToLong(Arrays::stream)
                .mapToInt(Math::toIntExact)
                .toArray());
    }

    @Override
    public String fingerprint() {
        return "given";
    }

    @Override
    public Map<String, Object> describe() {
        return Map.of();
    }

    @Override
    public void close() {}

    /** Forward to other data, so that a test can override single methods. */
    public abstract static class Forwarding implements Data {
        private final Data data;

        protected Forwarding(Data data) {
            this.data = data;
        }

        @Override
        public Task task() {
            return data.task();
        }

        @Override
        public int size(Split split) {
            return data.size(split);
        }

        @Override
        public int batchSize() {
            return data.batchSize();
        }

        @Override
        public DataLoader train(int epoch) {
            return data.train(epoch);
        }

        @Override
        public DataLoader evaluate(Split split) {
            return data.evaluate(split);
        }

        @Override
        public Pass pass(int epoch) {
            return data.pass(epoch);
        }

        @Override
        public DataLoader load(Pass pass, Shard shard) {
            return data.load(pass, shard);
        }

        @Override
        public SampleKey[] keys(Provenance origin, int... indices) {
            return data.keys(origin, indices);
        }

        @Override
        public List<InputSpec> inputs() {
            return data.inputs();
        }

        @Override
        public Targets targets(Split split) {
            return data.targets(split);
        }

        @Override
        public String fingerprint() {
            return data.fingerprint();
        }

        @Override
        public Map<String, Object> describe() {
            return data.describe();
        }

        @Override
        public void close() {
            data.close();
        }
    }
}
