package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.distill.loss.TokenLoss;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.distill.teacher.TeacherResult;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.nn.Summary;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Capture and compare the features of all pairs during a fit. Learned parameters are kept across fits of a student. */
final class FeatureBindings implements AutoCloseable {
    private static final long SEED = 0x5eedL;

    private final List<FeaturePair> wanted;
    private final boolean ofTokens;
    private boolean embeds;
    private List<FeaturePair> pairs = List.of();
    /** Which tokens of a batch each network does not read as padding; null if it reads none. */
    private @Nullable Function<Batch, Tensor> ourTokens;

    private @Nullable Function<Batch, Tensor> theirTokens;

    private final Map<String, FeatureBinding> bound = new LinkedHashMap<>();
    private @Nullable Module boundTo;
    private @Nullable Capture student;

    FeatureBindings(List<FeaturePair> pairs) {
        wanted = List.copyOf(pairs);
        ofTokens = wanted.stream().anyMatch(pair -> pair.loss() instanceof TokenLoss);
    }

    /** Return the requested pairs, or the resolved ones once both networks are known. */
    List<FeaturePair> pairs() {
        return pairs.isEmpty() ? wanted : pairs;
    }

    boolean isEmpty() {
        return wanted.isEmpty();
    }

    /** Watch both networks, probe their shapes, and make adapters, unless they were made for this student before. */
    void begin(TrainingContext fit, TeacherSession session) {
        if (isEmpty()) return;
        embeds = fit.data().task().kind() == Task.Kind.EMBEDDING;
        findTokens(fit, session);
        if (boundTo != fit.model()) resolve(fit, session);
        student = Capture.of(fit.model(), points(true));
        checkBatches(fit);
        if (boundTo == fit.model()) return;
        // Binding may fail: nothing is bound then.
        close();
        Tensors.seed(fit.seed() + SEED);
        try (Scope scope = Scope.open();
                Module.ModeGuard modes = fit.model().evalMode();
                NoGrad noGrad = NoGrad.on()) {
            Map<String, FeatureForm> ours = FeatureForm.find(fit.data().inputs(), example -> shapes(fit, example));
            Map<String, FeatureForm> theirs =
                    FeatureForm.find(session.facts().inputs(), example -> shapes(session, example));
            for (FeaturePair pair : pairs) {
                FeatureBinding made = new FeatureBinding(
                        pair,
                        pair.student().stream().map(ours::get).toList(),
                        pair.teacher().stream().map(theirs::get).toList(),
                        labels(fit.data().targets(Split.TRAIN)));
                made.to(fit.device());
                String name = pair.name();
                for (int i = 2; bound.containsKey(name); i++) name = pair.name() + i;
                bound.put(name, made);
            }
        } finally {
            stop();
        }
        boundTo = fit.model();
    }

    private Map<String, long[]> shapes(TrainingContext fit, Inputs example) {
        start();
        // Not predict, whose scope would free what was captured.
        Tensor outputs = fit.model().apply(fit.model().adapt(example));
        Capture own = captured(student);
        return shapes(
                pairs.stream().flatMap(pair -> pair.student().stream()),
                point -> isOutput(point) ? outputs : own.get(point),
                point -> isOutput(point) || own.has(point));
    }

    private Map<String, long[]> shapes(TeacherSession session, Inputs example) {
        TeacherResult result = session.compute(Batch.of(example), layers());
        return shapes(
                pairs.stream().flatMap(pair -> pair.teacher().stream()),
                point -> isOutput(point) ? result.logits() : result.feature(point),
                point -> isOutput(point) || result.features().containsKey(point));
    }

    /** Find out what tells tokens from padding in both networks. */
    private void findTokens(TrainingContext fit, TeacherSession session) {
        TeacherFacts teacher = session.facts();
        InputSpec ours = FeatureForm.padded(fit.data().inputs());
        InputSpec theirs = FeatureForm.padded(teacher.inputs());
        boolean same = fit.data().inputs().equals(teacher.inputs())
                && fit.data().preprocessing().equals(teacher.preprocessing())
                && !fit.data().augmentsForStudentOnly();
        if (ofTokens && !same && (ours != null || theirs != null)) throw otherTokens(fit, teacher);
        ourTokens = ours == null ? null : batch -> FeatureForm.mask(ours, batch.inputs());
        theirTokens = same || theirs == null ? ourTokens : batch -> FeatureForm.mask(theirs, session.inputs(batch));
    }

    private static LimbeckException otherTokens(TrainingContext fit, TeacherFacts teacher) {
        if (fit.data().augmentsForStudentOnly()) {
            return new LimbeckException(
                    "losses on tokens compare the same tokens, but the teacher reads whole texts and "
                            + "the student some of their words; leave word dropout (--word-dropout) out");
        }
        Preprocessing own = fit.data().preprocessing();
        return new LimbeckException("losses on tokens compare the same tokens, but the student reads " + own.describe()
                + ", the teacher " + teacher.preprocessing().describe()
                + "; give both one tokenizer and one limit (--tokenizer, --max-tokens)");
    }

    private static int[] labels(Targets targets) {
        if (targets.areLabels()) return targets.labels();
        int[] none = new int[targets.size()];
        Arrays.fill(none, -1);
        return none;
    }

    private void resolve(TrainingContext fit, TeacherSession session) {
        List<FeaturePair> resolved = new ArrayList<>();
        for (FeaturePair pair : wanted) {
            if (pair.student().contains(FeaturePairs.AUTO)) {
                if (!(pair.loss() instanceof TokenLoss)) {
                    FeaturePairs.requireMaps(fit.data().inputs(), "the student");
                    FeaturePairs.requireMaps(session.facts().inputs(), "the teacher");
                }
                resolved.addAll(FeaturePairs.resolve(
                        pair, Summary.of(fit.model(), fit.data().inputs()), session.summary()));
            } else {
                resolved.add(pair);
            }
        }
        pairs = resolved;
    }

    private void checkBatches(TrainingContext fit) {
        int rows = Math.min(fit.data().batchSize(), fit.data().size(Split.TRAIN));
        for (FeaturePair pair : pairs) {
            if (SelectedSamples.tooFew(rows, pair.loss().relational()))
                throw SelectedSamples.needsTwo(pair.loss().name());
            if (pair.loss().remembersRows() && fit.exchange().size() > 1) {
                throw new LimbeckException(pair.loss().name() + " remembers a vector of each training row, found "
                        + fit.exchange().size()
                        + " processes, each with some of the rows; train in one process, or use "
                        + "another loss");
            }
        }
    }

    private Set<String> points(boolean ofStudent) {
        Set<String> points = new LinkedHashSet<>();
        pairs.forEach(pair -> points.addAll(ofStudent ? pair.student() : pair.teacher()));
        points.removeIf(this::isOutput);
        return points;
    }

    /** Return whether a point names the outputs, which are embeddings. */
    private boolean isOutput(String point) {
        return embeds && point.equals(FeaturePair.EMBEDDING);
    }

    /** Return the teacher's layers whose features are compared. */
    Set<String> layers() {
        return points(false);
    }

    private static Map<String, long[]> shapes(
            Stream<String> points, Function<String, Tensor> features, Predicate<String> ran) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (String point : points.distinct().toList()) {
            if (!ran.test(point)) {
                throw new LimbeckException(
                        "layer '" + point + "' was not used in the forward pass; choose another layer");
            }
            long[] shape = features.apply(point).shape();
            if (shape.length < 2 || shape.length > 4) {
                throw new LimbeckException("layer '" + point + "' returns " + Tensors.shapeText(shape)
                        + "; pairs need rows×channels, rows×tokens×channels or rows×channels×height×width");
            }
            shapes.put(point, shape);
        }
        return shapes;
    }

    private static Capture captured(@Nullable Capture capture) {
        if (capture == null) throw new IllegalStateException("features are only captured during a fit");
        return capture;
    }

    void start() {
        if (isEmpty()) return;
        captured(student).start();
    }

    void stop() {
        if (student != null) student.stop();
    }

    /** Free the adapters and what losses learned. */
    @Override
    public void close() {
        boundTo = null;
        bound.values().forEach(FeatureBinding::close);
        bound.clear();
    }

    /** Remove the captures. */
    void end() {
        if (student != null) student.close();
        student = null;
        ourTokens = null;
        theirTokens = null;
    }

    /**
     * Compare what was captured in the student's last pass with what the teacher computed.
     *
     * @param rows rows to compare; null for all
     * @param held whether the student is frozen
     * @param nothing value of a loss with too few rows
     * @param found receives each pair's name and values, N or a scalar
     */
    void compare(
            TrainStep step,
            TeacherResult teacher,
            @Nullable SelectedSamples rows,
            boolean held,
            Tensor nothing,
            BiConsumer<String, Tensor> found) {
        int count = rows == null ? step.batch().size() : rows.count();
        boolean readsTokens = bound.values().stream().anyMatch(FeatureBinding::readsTokens);
        Tensor own = readsTokens ? mask(ourTokens, step, rows) : null;
        Tensor other = readsTokens && theirTokens != ourTokens ? mask(theirTokens, step, rows) : own;
        FeatureBinding.Masks masks = new FeatureBinding.Masks(own, other);
        bound.forEach((name, pair) -> {
            if (SelectedSamples.tooFew(count, pair.pair().loss().relational())) {
                found.accept(name, nothing);
                return;
            }
            List<Tensor> ours = features(
                    pair.pair().student(),
                    point -> isOutput(point)
                            ? step.prediction()
                            : captured(student).get(point),
                    rows);
            if (held) ours = ours.stream().map(Tensor::detach).toList();
            Tensor labels = step.batch().labels();
            int[] indices = step.batch().indices();
            found.accept(
                    name,
                    pair.rows(
                            ours,
                            features(
                                    pair.pair().teacher(),
                                    point -> isOutput(point) ? teacher.logits() : teacher.feature(point),
                                    rows),
                            rows == null ? labels : rows.of(labels),
                            rows == null ? indices : rows.of(indices),
                            masks));
        });
    }

    /** Return which tokens of the rows are not padding, bool rows×length; null without tokens. */
    private static @Nullable Tensor mask(
            @Nullable Function<Batch, Tensor> tokens, TrainStep step, @Nullable SelectedSamples rows) {
        if (tokens == null) return null;
        Tensor mask = tokens.apply(step.batch());
        return rows == null ? mask : rows.of(mask);
    }

    private static List<Tensor> features(
            List<String> points, Function<String, Tensor> of, @Nullable SelectedSamples rows) {
        List<Tensor> features = new ArrayList<>();
        for (String point : points) {
            Tensor feature = of.apply(point);
            features.add(rows == null ? feature : rows.of(feature));
        }
        return features;
    }

    /**
     * Return the mean cosine between the embeddings of both networks, where the first pair that compares them adapts the
     * student's.
     *
     * @return NaN if no pair compares embeddings of one width
     */
    double cosine(Predictions ours, Predictions theirs, Device device) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor outputs = Tensors.to(Tensors.of(ours.outputs(), ours.size(), ours.width()), device);
            Tensor wanted = Tensors.to(Tensors.of(theirs.outputs(), theirs.size(), theirs.width()), device);
            for (FeatureBinding pair : bound.values()) {
                if (!pair.pair().student().stream().allMatch(this::isOutput)) continue;
                Tensor own = pair.adapted(outputs);
                if (own.size(1) != wanted.size(1)) continue;
                return Ops.sum(Ops.normalize(own, 1).mul(Ops.normalize(wanted, 1)), 1)
                        .mean()
                        .item_double();
            }
            return Double.NaN;
        }
    }

    Schedule scale(String name) {
        FeatureBinding pair = bound.get(name);
        if (pair == null) throw new IllegalStateException("no pair " + name);
        return pair.pair().scale();
    }

    boolean relational(String name) {
        FeatureBinding pair = bound.get(name);
        return pair != null && pair.pair().loss().relational();
    }

    boolean learns() {
        return bound.values().stream().anyMatch(FeatureBinding::learns);
    }

    List<String> plan() {
        return bound.values().stream().flatMap(pair -> pair.plan().stream()).toList();
    }

    Map<String, Module> modules() {
        Map<String, Module> modules = new LinkedHashMap<>();
        int i = 0;
        for (FeatureBinding pair : bound.values()) {
            String prefix = "pair" + i++ + ".";
            pair.modules().forEach((name, module) -> modules.put(prefix + name, module));
        }
        return modules;
    }

    Map<String, Tensor> parameters() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        modules()
                .forEach((prefix, module) -> module.parameters()
                        .forEach((name, tensor) -> parameters.put("distill." + prefix + "." + name, tensor)));
        return parameters;
    }

    StateDict state() {
        StateDict state = new StateDict();
        modules().forEach((prefix, module) -> {
            try (StateDict own = module.stateDict()) {
                state.add(prefix + ".", own);
            }
        });
        return state;
    }

    void restore(StateDict state) {
        modules().forEach((prefix, module) -> {
            try (StateDict own = state.take(prefix + ".")) {
                module.load(own);
            }
        });
    }
}
