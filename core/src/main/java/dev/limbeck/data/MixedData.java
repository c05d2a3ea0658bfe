package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.tensor.InputSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.apache.commons.math3.random.AbstractRandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Mix the training rows of other data, by mixup or CutMix. Pairs of mixed rows, the shares and the boxes are functions of the data's
 * seed, the view and the row, not of the batch: a view of a row looks the same in every epoch that shows it, so a teacher's outputs can be
 * cached. The other data stays its owner's.
 */
public final class MixedData implements Data {
    private static final int IMAGE_DIMENSIONS = 3;
    private static final long STREAM = 13;

    private final Data rows;
    private final boolean cut;
    private final double alpha;
    private final boolean hasOwnViews;
    private final int[] views;

    /**
     * Mix rows.
     *
     * @param cut whether to paste boxes of images, rather than to blend whole rows
     * @param alpha α of the distribution Beta(α, α) of shares, positive
     * @param views number of mixed views of each row, for data without augmentation; 0 for a new view in each epoch. Augmented data has its
     *     own number
     * @throws LimbeckException if the rows cannot be mixed, or are mixed already
     */
    public MixedData(Data rows, boolean cut, double alpha, int views) {
        this.rows = rows;
        this.cut = cut;
        this.alpha = Settings.positive("alpha", alpha);
        Settings.atLeast(0, "views", views);
        if (rows instanceof MixedData other) {
            throw new LimbeckException("rows can be mixed once, found " + (cut ? "cutmix" : "mixup") + " of "
                    + (other.cut ? "cutmix" : "mixup") + "; leave one of them out");
        }
        List<InputSpec> inputs = rows.inputs();
        boolean floats = inputs.stream().allMatch(input -> input.type().isFloatingPoint());
        boolean images = inputs.size() == 1 && inputs.get(0).shape().length == IMAGE_DIMENSIONS;
        if (!(cut ? images : floats)) {
            throw new LimbeckException((cut ? "cutmix mixes images" : "mixup mixes floating-point inputs") + ", found "
                    + inputs.stream().map(InputSpec::toString).collect(Collectors.joining(", ")) + "; leave it out");
        }
        int[] own = rows.views();
        hasOwnViews = !Arrays.equals(own, new int[] {Provenance.PLAIN});
        this.views = hasOwnViews ? own : IntStream.range(0, views).toArray();
    }

    /** Draw the numbers of a library's distribution. */
    private static final class Random extends AbstractRandomGenerator {
        private final Draws draws;

        Random(Draws draws) {
            this.draws = draws;
        }

        @Override
        public void setSeed(long seed) {
            // They are drawn by seed, view and row.
        }

        @Override
        public double nextDouble() {
            return draws.nextDouble();
        }
    }

    private Draws draws(Split split, int view, int row) {
        return Draws.of(seed(), STREAM, split.ordinal(), view, row);
    }

    /** Draw how rows are mixed in a view. */
    private Mixing mixing(Split split, int view, int... indices) {
        int[] partners = new int[indices.length];
        double[] shares = new double[indices.length];
        Mixing.Box[] boxes = new Mixing.Box[cut ? indices.length : 0];
        int size = rows.size(split);
        for (int i = 0; i < indices.length; i++) {
            Draws draws = draws(split, view, indices[i]);
            partners[i] = draws.nextInt(size);
            shares[i] = new BetaDistribution(new Random(draws), alpha, alpha).sample();
            if (!cut) continue;
            boxes[i] = new Mixing.Box(draws.nextDouble(), draws.nextDouble(), Math.sqrt(1 - shares[i]));
            long[] shape = rows.inputs().get(0).shape();
            shares[i] = boxes[i].share(shape[1], shape[2]);
        }
        return new Mixing(partners, shares, boxes);
    }

    private DataLoader load(Pass own, int view, Shard shard) {
        int size = rows.size(own.split());
        // The first number of each row's draws.
        int[] partners = Arrays.stream(own.rows())
                .map(row -> draws(own.split(), view, row).nextInt(size))
                .toArray();
        DataLoader first = rows.load(own, shard);
        try {
            return new Mixed(first, rows.load(new Pass(own.split(), own.view(), partners), shard), own.split(), view);
        } catch (RuntimeException e) {
            first.close();
            throw e;
        }
    }

    /** Mix the batches of two loaders. */
    private final class Mixed implements DataLoader {
        private final DataLoader own;
        private final DataLoader partners;
        private final Split split;
        private final int view;

        Mixed(DataLoader own, DataLoader partners, Split split, int view) {
            this.own = own;
            this.partners = partners;
            this.split = split;
            this.view = view;
        }

        @Override
        public int batches() {
            return own.batches();
        }

        @Override
        public @Nullable Batch next() {
            Batch batch = own.next();
            Batch others = partners.next();
            if (batch == null || others == null) return null;
            Mixing how = mixing(split, view, batch.indices());
            return new Batch(
                    batch.inputs().with(others.inputs(), how::mix),
                    batch.targets(),
                    batch.indices(),
                    new Provenance(split, view, how),
                    others.targets());
        }

        @Override
        public void skip() {
            own.skip();
            partners.skip();
        }

        @Override
        public void close() {
            try (partners) {
                own.close();
            }
        }
    }

    /** Return the view of the other data that a mixed view shows. */
    private int below(int view) {
        return hasOwnViews ? view : Provenance.PLAIN;
    }

    @Override
    public Data base() {
        return rows.base();
    }

    @Override
    public Pass pass(int epoch) {
        Pass own = rows.pass(epoch);
        if (hasOwnViews) return own;
        return new Pass(own.split(), views.length == 0 ? epoch : epoch % views.length, own.rows());
    }

    @Override
    public DataLoader load(Pass pass, Shard shard) {
        if (pass.view() == Provenance.PLAIN) return rows.load(pass, shard);
        return load(new Pass(pass.split(), below(pass.view()), pass.rows()), pass.view(), shard);
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
    public int[] views() {
        return views.clone();
    }

    @Override
    public DataLoader view(Split split, int view) {
        return view(split, view, Shard.ALL);
    }

    @Override
    public DataLoader view(Split split, int view, Shard shard) {
        if (view == Provenance.PLAIN) return rows.view(split, view, shard);
        return load(new Pass(split, view, rows.order(split)), shard);
    }

    @Override
    public SampleKey @Nullable [] keys(Provenance origin, int... indices) {
        if (origin.view() == Provenance.PLAIN) return rows.keys(origin, indices);
        Mixing how = mixing(origin.split(), origin.view(), indices);
        Provenance unmixed = new Provenance(origin.split(), below(origin.view()));
        SampleKey[] own = rows.keys(unmixed, indices);
        SampleKey[] partners = rows.keys(unmixed, how.partners());
        if (own == null || partners == null) return null;
        SampleKey[] keys = new SampleKey[indices.length];
        for (int i = 0; i < keys.length; i++) keys[i] = how.key(i, own[i], partners[i]);
        return keys;
    }

    /** {@inheritDoc} Mixed rows also depend on the mixing, its seed, and the number of rows that partners are drawn from. */
    @Override
    public Map<String, String> cacheKey() {
        Map<String, String> facts = new LinkedHashMap<>(rows.cacheKey());
        facts.put("mixing", (cut ? "cutmix " : "mixup ") + alpha);
        facts.put("mixing_seed", String.valueOf(seed()));
        facts.put("mixed_rows", String.valueOf(size(Split.TRAIN)));
        return facts;
    }

    @Override
    public long seed() {
        return rows.seed();
    }

    @Override
    public Task task() {
        return rows.task();
    }

    @Override
    public int size(Split split) {
        return rows.size(split);
    }

    @Override
    public int batchSize() {
        return rows.batchSize();
    }

    @Override
    public int[] order(Split split) {
        return rows.order(split);
    }

    @Override
    public DataLoader evaluate(Split split) {
        return rows.evaluate(split);
    }

    @Override
    public DataLoader evaluate(Split split, Shard shard) {
        return rows.evaluate(split, shard);
    }

    @Override
    public DataLoader augmented(Split split, int view) {
        return rows.augmented(split, view);
    }

    @Override
    public DataLoader sample(Split split, int most) {
        return rows.sample(split, most);
    }

    @Override
    public List<InputSpec> inputs() {
        return rows.inputs();
    }

    @Override
    public Targets targets(Split split) {
        return rows.targets(split);
    }

    @Override
    public Preprocessing preprocessing() {
        return rows.preprocessing();
    }

    /** {@inheritDoc} A batch's provenance tells it how rows were mixed. */
    @Override
    public AlternateView alternateView(Preprocessing other) {
        return rows.alternateView(other);
    }

    @Override
    public boolean augmentsForStudentOnly() {
        return rows.augmentsForStudentOnly();
    }

    @Override
    public void draw(Split split, List<Caption> captions, Path file) {
        rows.draw(split, captions, file);
    }

    @Override
    public Optional<Example> example(Split split, int row) {
        return rows.example(split, row);
    }

    @Override
    public String origin() {
        return rows.origin();
    }

    @Override
    public String summary() {
        return rows.summary();
    }

    @Override
    public List<String> warnings() {
        return rows.warnings();
    }

    @Override
    public String fingerprint() {
        return rows.fingerprint();
    }

    @Override
    public Map<String, Object> describe() {
        return rows.describe();
    }

    @Override
    public void close() {
        // The rows are their owner's.
    }
}
