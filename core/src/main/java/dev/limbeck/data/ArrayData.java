package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.bytedeco.pytorch.Tensor;

/**
 * Provide rows of numbers in memory, as tensors of one shape, or of one for each of several inputs. Build other kinds of data on it:
 *
 * <pre>{@code
 * Data data = new ArrayData(task, InputSpec.floats(64), 32, 0)
 *         .with(Split.TRAIN, rows, Targets.labels(labels))
 *         .with(Split.VALID, others, Targets.labels(otherLabels));
 * }</pre>
 */
public final class ArrayData implements Data {
    private static final long ORDER_STREAM = 3;

    private record Rows(float[][] inputs, Targets targets) {}

    private final Task task;
    private final List<InputSpec> inputs;
    private final int batchSize;
    private final long seed;
    private final Map<Split, Rows> splits = new EnumMap<>(Split.class);
    private Preprocessing preprocessing = Preprocessing.none();
    private String origin = "arrays";

    /**
     * Describe the rows.
     *
     * @param input the only input, without free dimensions
     * @param seed seed of the order of training rows
     */
    public ArrayData(Task task, InputSpec input, int batchSize, long seed) {
        this(task, List.of(input), batchSize, seed);
    }

    /**
     * Describe rows of several inputs. A row holds the numbers of all, one input after the other.
     *
     * @param inputs in the network's order, without free dimensions; integers must be below 2²⁴
     * @param seed seed of the order of training rows
     */
    public ArrayData(Task task, List<InputSpec> inputs, int batchSize, long seed) {
        this.task = task;
        this.inputs = List.copyOf(inputs);
        this.batchSize = Settings.atLeast(1, "batch size", batchSize);
        this.seed = seed;
    }

    /**
     * Set the rows of a split. The arrays are not copied.
     *
     * @throws LimbeckException if a row has another number of values, a value is not finite, or targets do not fit
     */
    public ArrayData with(Split split, float[][] inputs, Targets targets) {
        long values = this.inputs.stream().mapToLong(ArrayData::numbers).sum();
        for (int row = 0; row < inputs.length; row++) {
            if (inputs[row].length != values) {
                throw new LimbeckException("row " + row + " of " + split.label() + " must have " + values
                        + " numbers, found " + inputs[row].length);
            }
            for (float value : inputs[row]) {
                if (Float.isFinite(value)) continue;
                throw new LimbeckException(
                        "row " + row + " of " + split.label() + " must have finite numbers, found " + value);
            }
        }
        boolean labels = task.kind() == Task.Kind.SINGLE_LABEL;
        if (targets.size() != inputs.length
                || targets.areLabels() != labels
                || !labels && targets.columns() != task.outputs()) {
            throw new LimbeckException(split.label() + " needs targets of "
                    + task.kind().words() + " for " + inputs.length + " rows, found " + targets.size()
                    + (targets.areLabels() ? " labels" : " rows of " + targets.columns() + " numbers"));
        }
        for (int row = 0; labels && row < targets.size(); row++) {
            if (targets.label(row) < task.outputs()) continue;
            throw new LimbeckException("labels of " + split.label() + " must be below " + task.outputs() + ", found "
                    + targets.label(row) + " in row " + row);
        }
        splits.put(split, new Rows(inputs, targets));
        return this;
    }

    /** Set how the rows were made from what users have. */
    public ArrayData preprocessing(Preprocessing how) {
        preprocessing = how;
        return this;
    }

    /** Set the name of the source for people. */
    public ArrayData origin(String name) {
        origin = name;
        return this;
    }

    private Rows rows(Split split) {
        Rows rows = splits.get(split);
        if (rows == null) throw new LimbeckException("there is no " + split.label() + " split in " + origin);
        return rows;
    }

    @Override
    public Task task() {
        return task;
    }

    @Override
    public int size(Split split) {
        return splits.containsKey(split) ? rows(split).inputs.length : 0;
    }

    @Override
    public int batchSize() {
        return batchSize;
    }

    @Override
    public long seed() {
        return seed;
    }

    @Override
    public DataLoader train(int epoch) {
        return load(pass(epoch), Shard.ALL);
    }

    @Override
    public DataLoader load(Pass pass, Shard shard) {
        return shard.of(loader(pass.split(), pass.rows()));
    }

    @Override
    public Pass pass(int epoch) {
        int[] order = IntStream.range(0, rows(Split.TRAIN).inputs.length).toArray();
        Draws.of(seed, ORDER_STREAM, epoch).shuffle(order);
        int usable = order.length < batchSize ? order.length : order.length / batchSize * batchSize;
        return new Pass(Split.TRAIN, Provenance.PLAIN, Arrays.copyOf(order, usable));
    }

    @Override
    public DataLoader evaluate(Split split) {
        return loader(split, IntStream.range(0, rows(split).inputs.length).toArray());
    }

    @Override
    public DataLoader sample(Split split, int most) {
        return loader(split, Data.spaced(rows(split).inputs.length, most));
    }

    private DataLoader loader(Split split, int... order) {
        Rows rows = rows(split);
        return new OrderedLoader(order, batchSize, indices -> batch(rows, split, indices));
    }

    private static long numbers(InputSpec input) {
        return LongStream.of(input.shape()).reduce(1, Math::multiplyExact);
    }

    private Batch batch(Rows rows, Split split, int... indices) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        int from = 0;
        for (InputSpec input : inputs) {
            int width = Math.toIntExact(numbers(input));
            float[] values = new float[indices.length * width];
            for (int i = 0; i < indices.length; i++) {
                System.arraycopy(rows.inputs[indices[i]], from, values, i * width, width);
            }
            tensors.put(input.name(), Tensors.to(Tensors.of(values, input.shape(indices.length)), input.type()));
            from += width;
        }
        return new Batch(
                Inputs.of(tensors),
                rows.targets.rows(indices).tensor(),
                indices,
                new Provenance(split, Provenance.PLAIN));
    }

    @Override
    public List<InputSpec> inputs() {
        return inputs;
    }

    @Override
    public Targets targets(Split split) {
        return rows(split).targets;
    }

    @Override
    public int[] views() {
        return new int[] {Provenance.PLAIN};
    }

    @Override
    public SampleKey[] keys(Provenance rowsOf, int... indices) {
        Rows rows = rows(rowsOf.split());
        return Arrays.stream(indices)
                .mapToObj(index -> ByteBuffer.wrap(DigestUtils.sha256(bytes(rows.inputs[index]))))
                .map(digest -> new SampleKey(digest.getLong(), digest.getLong()))
                .toArray(SampleKey[]::new);
    }

    private static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (float value : values) bytes.putFloat(value);
        return bytes.array();
    }

    private static byte[] target(Targets targets, int row) {
        if (targets.areLabels()) return bytes(targets.label(row));
        float[] values = new float[targets.columns()];
        for (int column = 0; column < values.length; column++) values[column] = targets.value(row, column);
        return bytes(values);
    }

    @Override
    public String fingerprint() {
        StringBuilder all = new StringBuilder(String.join("\n", task.names()));
        splits.forEach((split, rows) -> {
            all.append('\n').append(split);
            for (int row = 0; row < rows.inputs.length; row++) {
                all.append('\n').append(DigestUtils.sha256Hex(bytes(rows.inputs[row])));
                all.append(' ').append(DigestUtils.sha256Hex(target(rows.targets, row)));
            }
        });
        return DigestUtils.sha256Hex(all.toString());
    }

    @Override
    public String origin() {
        return origin;
    }

    @Override
    public Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("source", origin);
        facts.putAll(task.toMetadata());
        facts.put("classes", task.names());
        Map<String, Object> sizes = new LinkedHashMap<>();
        splits.forEach((split, rows) -> sizes.put(split.label(), rows.inputs.length));
        facts.put("sizes", sizes);
        facts.put("batch_size", batchSize);
        facts.put("seed", seed);
        return facts;
    }

    @Override
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public void close() {}
}
