package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.BufferPool;
import dev.limbeck.data.Caption;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Example;
import dev.limbeck.data.Pass;
import dev.limbeck.data.PrefetchStream;
import dev.limbeck.data.PrepareProgress;
import dev.limbeck.data.Processes;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import dev.limbeck.data.Targets;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Scope;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Provide images as normalized float32 tensors of shape N×3×H×W, in channels-last memory format. Images are resized
 * when first loaded, and cached in memory up to a budget. Augmentation is drawn anew in each epoch.
 */
public final class ImageData implements Data {
    private static final Logger LOG = LoggerFactory.getLogger(ImageData.class);
    private static final long ORDER_STREAM = 3;
    private static final long AUGMENT_STREAM = 4;
    private static final int MOST_SHOWN = 64;
    private static final long VIEW_STREAM = 12;

    private final ImageSource source;
    private final ImageSettings settings;
    private final AtomicLong budget;
    private final PixelStore store;
    private volatile boolean closed;
    private final SampleKeys keys;
    private final SplitPlan plan;
    private final Augmentation augmentation;
    private final BufferPool pool;
    private final ImagePreprocessing preprocessing;
    private final ImageCheck check;
    private final Task task;
    private final DataSummary summary;
    private final String summaryLine;
    private @Nullable String fingerprint;

    ImageData(ImageSource source, ImageSettings settings, Processes processes, PrepareProgress progress) {
        this.source = source;
        this.settings = settings;
        check = new ImageCheck(source, settings);
        preprocessing = settings.preprocessing();
        int batchBytes = settings.batchBytes();
        budget = new AtomicLong(settings.cacheBudget());
        store = new PixelStore(source, preprocessing, budget);
        keys = new SampleKeys(source, preprocessing, store, settings.augmentation());
        plan = check.plan(store, processes, progress);
        task = plan.task();
        summary = new DataSummary(source, plan, task, preprocessing);
        augmentation = settings.augmentation();
        pool = new BufferPool(batchBytes);
        summaryLine = summary.line(store, skipped().size(), check.unopened());
        LOG.info(Printable.line(summaryLine));
        warnings().forEach(LOG::info);
    }

    /** Create a builder for any source of images. */
    public static ImageDataBuilder builder(ImageSource source) {
        return new ImageDataBuilder(source);
    }

    /** Create a builder for a folder of images ({@link ImageFolder}), or for a table that lists them ({@link ImageTable}). */
    public static ImageDataBuilder builder(Path source) {
        return builder(ImageTable.isNamedSo(source.toString()) ? ImageTable.of(source) : ImageFolder.of(source));
    }

    /** {@inheritDoc} Targets of a regression are standardized by the training images. */
    @Override
    public Task task() {
        return task;
    }

    @Override
    public int size(Split split) {
        return plan.of(split).length;
    }

    @Override
    public int batchSize() {
        return settings.batchSize();
    }

    @Override
    public List<InputSpec> inputs() {
        return ImageTensors.specs(preprocessing);
    }

    @Override
    public Targets targets(Split split) {
        return plan.targets(plan.of(split));
    }

    /** Return the name of an image; for files, the path relative to the folder. */
    public String name(Split split, int index) {
        return source.name(plan.of(split)[index]);
    }

    /** Return an image of a split, preprocessed but not normalized or augmented. */
    public RgbImage image(Split split, int index) {
        return new RgbImage(preprocessing.width(), preprocessing.height(), store.pixels(plan.of(split)[index]));
    }

    /** Return one line per skipped unreadable image. */
    public List<String> skipped() {
        return check.skipped();
    }

    /**
     * Return a one-line summary: images, classes with the rare ones, splits, image size and skipped files. It is logged
     * at level INFO when the data is built, together with {@link #warnings}.
     */
    @Override
    public String summary() {
        return summaryLine;
    }

    @Override
    public List<String> warnings() {
        List<String> lines = new ArrayList<>(source.warnings());
        lines.addAll(check.warnings());
        lines.addAll(summary.warnings());
        return lines;
    }

    @Override
    public DataLoader train(int epoch) {
        return train(epoch, Shard.ALL);
    }

    @Override
    public DataLoader train(int epoch, Shard shard) {
        return load(pass(epoch), shard);
    }

    @Override
    public Pass pass(int epoch) {
        int[] images = images(Split.TRAIN);
        Draws draws = Draws.of(seed(), ORDER_STREAM, epoch);
        int[] order = settings.splits().balanced() ? plan.balanced(draws) : plan.shuffled(draws);
        int usable = images.length < batchSize() ? images.length : images.length / batchSize() * batchSize();
        return new Pass(Split.TRAIN, augmentation.view(epoch), Arrays.copyOf(order, usable));
    }

    @Override
    public DataLoader load(Pass pass, Shard shard) {
        int[] images = images(pass.split());
        Provenance origin = new Provenance(pass.split(), pass.view());
        return stream(pass, shard, origin, (index, target) -> write(images[index], pass.view(), target));
    }

    @Override
    public long seed() {
        return settings.splits().seed();
    }

    /** Write a view of an image with this data's preprocessing. */
    private void write(int image, int view, ByteBuffer target) {
        if (view == Provenance.PLAIN) target.put(store.pixels(image));
        else augment(image, AUGMENT_STREAM, view, target);
    }

    private void augment(int image, long lots, int pass, ByteBuffer target) {
        augmentation.write(
                store.pixels(image),
                preprocessing.height(),
                preprocessing.width(),
                1,
                1,
                Draws.of(seed(), lots, pass, image),
                target);
    }

    /** {@inheritDoc} Images of another size or resize come from the same source pixels, with the same augmentation draws. */
    @Override
    public AlternateView alternateView(Preprocessing wanted) {
        ImagePreprocessing other = ImageTensors.preprocessing(wanted);
        if (other.hasSizeOf(preprocessing)) {
            return new RenormalizedView(preprocessing, other);
        }
        double down = (double) other.height() / preprocessing.height();
        double right = (double) other.width() / preprocessing.width();
        return new ImageAlternateView(
                preprocessing,
                other,
                new PixelStore(source, other, budget),
                plan::of,
                (pixels, image, view, target) -> {
                    if (view == Provenance.PLAIN) {
                        target.put(pixels);
                    } else {
                        Draws draws = Draws.of(seed(), AUGMENT_STREAM, view, image);
                        augmentation.write(pixels, other.height(), other.width(), down, right, draws, target);
                    }
                });
    }

    @Override
    public String origin() {
        return source.origin();
    }

    @Override
    public int[] views() {
        if (augmentation.isNone()) return new int[] {Provenance.PLAIN};
        return IntStream.range(0, augmentation.views()).toArray();
    }

    @Override
    public DataLoader view(Split split, int view) {
        return view(split, view, Shard.ALL);
    }

    @Override
    public DataLoader view(Split split, int view, Shard shard) {
        return load(new Pass(split, view, order(split)), shard);
    }

    @Override
    public DataLoader sample(Split split, int most) {
        return load(new Pass(split, Provenance.PLAIN, Data.spaced(images(split).length, most)), Shard.ALL);
    }

    @Override
    public SampleKey[] keys(Provenance origin, int... indices) {
        int[] images = plan.of(origin.split());
        SampleKey[] all = new SampleKey[indices.length];
        for (int row = 0; row < all.length; row++) {
            int image = images[indices[row]];
            int view = origin.view();
            all[row] = view == Provenance.PLAIN
                    ? keys.plain(image)
                    : keys.of(image, Draws.of(seed(), AUGMENT_STREAM, view, image));
        }
        return all;
    }

    @Override
    public Map<String, String> cacheKey() {
        Map<String, String> facts = new LinkedHashMap<>(preprocessing().toMetadata());
        if (!augmentation.isNone()) {
            facts.put("augmentation", augmentation.withViews(0).describe().toString());
            facts.put("augmentation_seed", String.valueOf(settings.splits().seed()));
        }
        return facts;
    }

    @Override
    public DataLoader augmented(Split split, int view) {
        int[] images = images(split);
        Pass pass = new Pass(split, view, order(split));
        return stream(pass, Shard.ALL, null, (index, target) -> augment(images[index], VIEW_STREAM, view, target));
    }

    @Override
    public DataLoader evaluate(Split split) {
        return evaluate(split, Shard.ALL);
    }

    @Override
    public DataLoader evaluate(Split split, Shard shard) {
        return view(split, Provenance.PLAIN, shard);
    }

    /** Write a PNG of the first training batch, augmented and with labels, to check before training. */
    public void show(Path file) {
        List<ImageGrid.Cell> cells = new ArrayList<>();
        try (DataLoader batches = train(0);
                Scope scope = Scope.open()) {
            Batch batch = batches.next();
            if (batch == null) throw new LimbeckException("there is no training image to show");
            int[] images = plan.of(Split.TRAIN);
            for (int i : Arrays.stream(batch.indices()).limit(MOST_SHOWN).toArray()) {
                ByteBuffer pixels = ByteBuffer.allocate(settings.rowBytes());
                write(images[i], augmentation.view(0), pixels);
                RgbImage image = new RgbImage(preprocessing.width(), preprocessing.height(), pixels.array());
                cells.add(new ImageGrid.Cell(image, plan.targets(images[i]).words(0, task), false));
            }
        }
        ImageGrid.write(cells, file);
    }

    @Override
    public Optional<Example> example(Split split, int row) {
        return Optional.of(ImageGrid.example(image(split, row)));
    }

    @Override
    public void draw(Split split, List<Caption> captions, Path file) {
        ImageGrid.write(
                captions.stream()
                        .map(caption ->
                                new ImageGrid.Cell(image(split, caption.row()), caption.text(), caption.marked()))
                        .toList(),
                file);
    }

    @Override
    public String fingerprint() {
        if (fingerprint == null) fingerprint = plan.fingerprint();
        return fingerprint;
    }

    @Override
    public Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("source", source.origin());
        facts.putAll(task.toMetadata());
        facts.put("classes", classNames());
        Map<String, Object> sizes = new LinkedHashMap<>();
        for (Split split : Split.values()) sizes.put(split.label(), size(split));
        facts.put("sizes", sizes);
        facts.put("skipped_images", skipped().size());
        facts.put("left_out", SkippedFile.counts(source.leftOut()));
        facts.put("summary", summary());
        facts.put("warnings", warnings());
        facts.putAll(settings.describe());
        return facts;
    }

    @Override
    public ImagePreprocessing preprocessing() {
        return preprocessing;
    }

    /** Return the settings. */
    public ImageSettings settings() {
        return settings;
    }

    @Override
    public void close() {
        closed = true;
        store.clear();
    }

    private int[] images(Split split) {
        int[] images = plan.of(split);
        if (images.length == 0) {
            throw new LimbeckException(
                    "there is no " + split.label() + " split in " + source.origin() + plan.unlabeledWords(split)
                            + "; choose one of "
                            + Arrays.stream(Split.values())
                                    .filter(this::has)
                                    .map(s -> s.label() + " (" + size(s) + ")")
                                    .toList());
        }
        return images;
    }

    private DataLoader stream(Pass pass, Shard shard, @Nullable Provenance origin, PrefetchStream.RowFiller filler) {
        if (closed) {
            throw new LimbeckException(
                    "the data " + source.origin() + " is closed; open it again, or close it after what uses it");
        }
        List<int[]> batches = shard.batches(pass.rows(), batchSize());
        int[] images = plan.of(pass.split());
        return new PrefetchStream(batches, pool, settings.workers(), settings.prefetch(), filler, (indices, bytes) -> {
            return new Batch(
                    ImageTensors.of(preprocessing, bytes, indices.length),
                    plan.targets(Arrays.stream(indices).map(i -> images[i]).toArray())
                            .tensor(),
                    indices,
                    origin);
        });
    }
}
