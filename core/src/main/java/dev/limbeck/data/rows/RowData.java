package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Preprocessing;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Example;
import dev.limbeck.data.OrderedLoader;
import dev.limbeck.data.Pass;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.InputSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Provide texts or rows of tables. All rows are encoded when the data is opened, and kept in memory. */
public final class RowData implements Data {
    private static final long ORDER_STREAM = 3;
    private static final long AUGMENT_STREAM = 4;
    private static final long VIEW_STREAM = 12;
    private static final int NAMED = 5;

    private final Rows source;
    private final SplitPlan plan;
    private final SplitSettings settings;
    private final int batchSize;
    private final RowEncoding encoding;
    private final List<RowEncoding.Encoded> encoded;
    private final Lengths lengths;
    private final @Nullable RowAugmentation augmentation;

    /**
     * Open rows.
     *
     * @param encoding makes the encoding from the training rows of a plan
     * @throws LimbeckException if a row cannot be encoded; the message names it
     */
    public RowData(Rows source, SplitSettings settings, int batchSize, Function<SplitPlan, RowEncoding> encoding) {
        this(source, settings, batchSize, encoding, null);
    }

    /**
     * Open rows that differ in each epoch of training. A teacher gets them as they are: its outputs are those of the whole row.
     *
     * @param encoding makes the encoding from the training rows of a plan
     * @param augmentation null for none
     * @throws LimbeckException if a row cannot be encoded; the message names it
     */
    public RowData(
            Rows source,
            SplitSettings settings,
            int batchSize,
            Function<SplitPlan, RowEncoding> encoding,
            @Nullable RowAugmentation augmentation) {
        this.source = source;
        this.augmentation = augmentation;
        this.settings = settings;
        this.batchSize = Settings.atLeast(1, "batch size", batchSize);
        plan = new SplitPlan(source, IntStream.range(0, source.size()).toArray(), settings);
        if (task().kind() == Task.Kind.SINGLE_LABEL && task().names().size() < 2) {
            throw new LimbeckException(source.origin() + " must have at least two classes, found "
                    + Names.quoted(task().names()) + "; name another column (label_columns, --label-columns)");
        }
        this.encoding = encoding.apply(plan);
        encoded = encoded(this.encoding);
        lengths = new Lengths(plan, row -> encoded.get(row).ids().length);
    }

    private List<RowEncoding.Encoded> encoded(RowEncoding how) {
        int[] at = columns(how);
        RowEncoding.Encoded[] rows = new RowEncoding.Encoded[source.size()];
        AtomicInteger firstBad = new AtomicInteger(rows.length);
        IntStream.range(0, rows.length).parallel().forEach(row -> {
            if (row > firstBad.get()) return;
            try {
                rows[row] = encoded(how, row, at);
            } catch (LimbeckException e) {
                firstBad.accumulateAndGet(row, Math::min);
            }
        });
        if (firstBad.get() < rows.length) encoded(how, firstBad.get(), at); // throws again
        return List.of(rows);
    }

    private RowEncoding.Encoded encoded(RowEncoding how, int row, int... columns) {
        try {
            for (int i : columns) {
                if (source.cells(row)[i] == null) throw missing(source.header().get(i));
            }
            return how.encode(cells(row, columns));
        } catch (LimbeckException e) {
            throw new LimbeckException(source.name(row) + ": " + e.getMessage(), e);
        }
    }

    private int[] columns(RowEncoding how) {
        return how.columns().stream().mapToInt(this::column).toArray();
    }

    private String[] cells(int row, int... columns) {
        String[] cells = source.cells(row);
        return Arrays.stream(columns).mapToObj(i -> cells[i]).toArray(String[]::new);
    }

    private static LimbeckException missing(String column) {
        return new LimbeckException("its file has no column '" + column + "'; add it, or ignore it (--ignore-columns)");
    }

    private int column(String name) {
        int found = source.header().indexOf(name);
        if (found >= 0) return found;
        throw new LimbeckException(source.origin() + " must have the column '" + name + "', found "
                + Names.quoted(source.header()) + "; add it, or use another model");
    }

    @Override
    public Task task() {
        return plan.task();
    }

    @Override
    public int size(Split split) {
        return plan.of(split).length;
    }

    @Override
    public int batchSize() {
        return batchSize;
    }

    @Override
    public long seed() {
        return settings.seed();
    }

    @Override
    public Pass pass(int epoch) {
        require(Split.TRAIN);
        Draws draws = Draws.of(settings.seed(), ORDER_STREAM, epoch);
        int[] order = settings.balanced() ? plan.balanced(draws) : plan.shuffled(draws);
        int usable = order.length < batchSize ? order.length : order.length / batchSize * batchSize;
        int[] drawn = Arrays.copyOf(order, usable);
        // Others keep the drawn order: where length and class go together, mixed batches train better.
        int[] sorted = InputSpec.areInOrder(inputs()) ? lengths.batched(drawn, batchSize, draws) : drawn;
        return new Pass(Split.TRAIN, Provenance.PLAIN, sorted);
    }

    /** {@inheritDoc} They are not augmented. */
    @Override
    public DataLoader load(Pass pass, Shard shard) {
        return shard.of(loader(pass.split(), encoded::get, pass.rows()));
    }

    @Override
    public DataLoader train(int epoch) {
        return loader(Split.TRAIN, changed(AUGMENT_STREAM, epoch), pass(epoch).rows());
    }

    /** Return how rows are encoded, changed as drawn for an epoch or a view. */
    private IntFunction<RowEncoding.Encoded> changed(long stream, int turn) {
        RowAugmentation changes = augmentation;
        if (changes == null) return encoded::get;
        int[] columns = columns(encoding);
        return row ->
                encoding.encode(changes.change(Draws.of(settings.seed(), stream, turn, row), cells(row, columns)));
    }

    @Override
    public DataLoader augmented(Split split, int view) {
        require(split);
        return loader(split, changed(VIEW_STREAM, view), order(split));
    }

    @Override
    public DataLoader evaluate(Split split) {
        require(split);
        return loader(split, encoded::get, order(split));
    }

    /** {@inheritDoc} Texts are sorted by length, so that less is padded. */
    @Override
    public int[] order(Split split) {
        return lengths.order(split);
    }

    @Override
    public DataLoader sample(Split split, int most) {
        return loader(split, encoded::get, lengths.sorted(split, Data.spaced(require(split).length, most)));
    }

    private int[] require(Split split) {
        int[] rows = plan.of(split);
        if (rows.length > 0) return rows;
        throw new LimbeckException("there is no " + split.label() + " split in " + source.origin()
                + plan.unlabeledWords(split) + "; found "
                + Stream.of(Split.values()).filter(this::has).map(Split::label).collect(Collectors.joining(", ")));
    }

    private DataLoader loader(Split split, IntFunction<RowEncoding.Encoded> row, int... order) {
        int[] rows = plan.of(split);
        return new OrderedLoader(order, batchSize, indices -> {
            int[] own = Arrays.stream(indices).map(i -> rows[i]).toArray();
            return new Batch(
                    encoding.batch(Arrays.stream(own).mapToObj(row).toList()),
                    plan.targets(own).tensor(),
                    indices,
                    new Provenance(split, Provenance.PLAIN));
        });
    }

    @Override
    public List<InputSpec> inputs() {
        return encoding.inputs();
    }

    @Override
    public Targets targets(Split split) {
        return plan.targets(plan.of(split));
    }

    @Override
    public String fingerprint() {
        return plan.fingerprint();
    }

    @Override
    public String origin() {
        return source.origin();
    }

    @Override
    public String summary() {
        long without = Arrays.stream(plan.of(Split.TRAIN))
                .filter(row -> plan.label(row) < 0)
                .count();
        int rows = Stream.of(Split.values()).mapToInt(this::size).sum();
        String names = String.join(
                ", ", task().names().subList(0, Math.min(NAMED, task().names().size())));
        return String.format(
                Locale.ROOT,
                "%,d rows, %s (%s%s), %s%s; inputs %s",
                rows,
                task().names().size() + " " + noun(),
                names,
                task().names().size() > NAMED ? ", …" : "",
                Stream.of(Split.values())
                        .filter(this::has)
                        .map(split -> String.format(Locale.ROOT, "%,d %s", size(split), split.label())
                                + (split == Split.VALID && plan.isDrawn() ? " drawn at random" : ""))
                        .collect(Collectors.joining(" / ")),
                without == 0 ? "" : String.format(Locale.ROOT, " (without a label: %,d%s)", without, made()),
                inputs().stream().map(InputSpec::toString).collect(Collectors.joining(", ")));
    }

    private String made() {
        return source.synthetic() == 0 ? "" : String.format(Locale.ROOT, ", synthetic: %,d", source.synthetic());
    }

    private String noun() {
        return switch (task().kind()) {
            case SINGLE_LABEL -> "classes";
            case MULTI_LABEL -> "labels";
            case EMBEDDING -> throw new IllegalStateException("rows of files have labels");
            case REGRESSION -> task().names().size() == 1 ? "target" : "targets";
        };
    }

    @Override
    public List<String> warnings() {
        int[] columns = columns(encoding);
        List<String> lines = new ArrayList<>(RowWarnings.of(source, plan, row -> cells(row, columns)));
        lines.addAll(encoding.warnings(encoded));
        lines.addAll(encoding.unknown(
                Arrays.stream(plan.used()).mapToObj(row -> cells(row, columns)).toList()));
        if (encoding.columns().size() == 1) {
            int text = column(encoding.columns().get(0));
            long empty = IntStream.range(0, source.size())
                    .filter(row -> String.valueOf(source.cells(row)[text]).isBlank())
                    .count();
            if (empty > 0) lines.add(empty + " of " + source.size() + " rows are empty");
        }
        return lines;
    }

    @Override
    public Optional<Example> example(Split split, int row) {
        String[] cells = source.cells(plan.of(split)[row]);
        String text = encoding.columns().stream()
                .map(name -> encoding.columns().size() == 1 ? cells[column(name)] : name + " = " + cells[column(name)])
                .collect(Collectors.joining("\n"));
        return Optional.of(new Example("text/plain", text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("source", source.origin());
        facts.putAll(task().toMetadata());
        facts.put("classes", task().names());
        Map<String, Object> sizes = new LinkedHashMap<>();
        for (Split split : Split.values()) if (has(split)) sizes.put(split.label(), size(split));
        facts.put("sizes", sizes);
        if (source.synthetic() > 0) facts.put("synthetic", source.synthetic());
        facts.put("batch_size", batchSize);
        facts.putAll(settings.describe());
        if (augmentation != null) facts.put("augmentation", augmentation.toString());
        facts.put("summary", summary());
        facts.put("warnings", warnings());
        return facts;
    }

    @Override
    public Preprocessing preprocessing() {
        return encoding.preprocessing();
    }

    /** {@inheritDoc} A model of another kind of rows reads the columns it needs from the same rows. */
    @Override
    public AlternateView alternateView(Preprocessing other) {
        if (other.equals(preprocessing()) && !augmentsForStudentOnly()) return AlternateView.same(this);
        RowEncoding theirs = RowModality.encoding(other, source.header(), encoding.columns());
        return new RowAlternateView(theirs, encoded(theirs), plan::of);
    }

    @Override
    public boolean augmentsForStudentOnly() {
        return augmentation != null;
    }

    @Override
    public int[] views() {
        return new int[] {Provenance.PLAIN};
    }

    /** {@inheritDoc} They are those of the cells, whatever the encoding. */
    @Override
    public SampleKey[] keys(Provenance rowsOf, int... indices) {
        int[] rows = plan.of(rowsOf.split());
        int[] order = StreamedRows.byName(source.header());
        return Arrays.stream(indices)
                .mapToObj(i -> StreamedRows.key(source.header(), order, source.cells(rows[i])))
                .toArray(SampleKey[]::new);
    }

    /** {@inheritDoc} Cells decide alone: a teacher's outputs are the same for every student. */
    @Override
    public Map<String, String> cacheKey() {
        return cacheKey(preprocessing());
    }

    static Map<String, String> cacheKey(Preprocessing preprocessing) {
        return Map.of("kind", preprocessing.kind(), "columns", "by name");
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
