package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FeatureLoss.Features;
import dev.limbeck.distill.loss.FeatureLoss.Needs;
import dev.limbeck.distill.loss.FeatureLoss.Shapes;
import dev.limbeck.distill.loss.TokenLoss;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Hold a feature pair bound to two networks: shape alignment, adapters and the bound loss. */
final class FeatureBinding implements AutoCloseable {
    /**
     * Say which tokens of a batch are not padding, bool rows×tokens each.
     *
     * @param student null if the student reads no tokens
     * @param teacher null if the teacher reads none
     */
    record Masks(@Nullable Tensor student, @Nullable Tensor teacher) {
        static final Masks NONE = new Masks(null, null);
    }

    private final FeaturePair pair;
    private final List<FeatureForm> ours;
    private final List<FeatureForm> theirs;
    private final FeatureLoss.Bound bound;
    private final boolean tokens;
    private final List<@Nullable Module> adapters = new ArrayList<>();
    private final List<long[]> student = new ArrayList<>();
    private final List<long[]> teacher = new ArrayList<>();
    private final List<String> plan = new ArrayList<>();

    /**
     * Check a pair against the feature shapes, and create its modules.
     *
     * @param ours features of the student per layer
     * @param theirs features of the teacher
     * @param labels labels of the training rows
     */
    FeatureBinding(FeaturePair pair, List<FeatureForm> ours, List<FeatureForm> theirs, int[] labels) {
        this.pair = pair;
        this.ours = List.copyOf(ours);
        this.theirs = List.copyOf(theirs);
        checkCount();
        tokens = pair.loss() instanceof TokenLoss;
        Needs needs = pair.loss().needs();
        for (int i = 0; i < ours.size(); i++) {
            if (tokens) checkTokens(ours.get(i).shape(), theirs.get(i).shape());
            long[] first = tokens ? width(ours.get(i).shape()) : ours.get(i).compared();
            long[] second =
                    tokens ? width(theirs.get(i).shape()) : theirs.get(i).compared();
            boolean positions = needs == Needs.POSITIONS || needs == Needs.SHAPE;
            if (positions) {
                long[] common = common(first, second, needs);
                first = at(first, common);
                second = at(second, common);
            }
            boolean channels = needs == Needs.CHANNELS || needs == Needs.SHAPE;
            Module adapter = pair.adapter().make(first, second[0], channels);
            if (channels && adapter == null && first[0] != second[0]) {
                throw trouble("needs equal channels, found " + Tensors.shapeText(first) + " and "
                        + Tensors.shapeText(second) + "; use adapter auto");
            }
            adapters.add(adapter);
            if (adapter != null) first = withChannels(first, second[0]);
            student.add(first);
            teacher.add(second);
            plan.add(line(i, ours.get(i), theirs.get(i), adapter));
        }
        checkPositions();
        bound = pair.loss().bind(new Shapes(student, teacher, labels));
        long learned = bound.learned().parameterCount();
        if (!bound.holds().isEmpty()) plan.add(pair.name() + " holds " + bound.holds());
        if (learned > 0) plan.add(String.format(Locale.ROOT, "%s learns %,d parameters", pair.name(), learned));
    }

    private void checkCount() {
        int wanted = pair.loss().layers();
        int found = pair.student().size();
        if (wanted == found || wanted == 0 && found > 1) return;
        throw trouble(
                "compares " + (wanted == 0 ? "two layers or more" : wanted == 1 ? "one layer" : wanted + " layers")
                        + " of each network at once, found " + found);
    }

    private void checkTokens(long[] ours, long[] theirs) {
        if (ours.length != 2 || theirs.length != 2) {
            throw trouble("compares layers of tokens×width, found " + Tensors.shapeText(ours) + " and "
                    + Tensors.shapeText(theirs) + "; name such layers of both networks, or use fitnet");
        }
        if (ours[0] != theirs[0]) {
            throw trouble("compares token by token, found " + ours[0] + " tokens of the student and " + theirs[0]
                    + " of the teacher; name layers with the same tokens, or use fitnet");
        }
    }

    private static long[] width(long[] shape) {
        return new long[] {shape[1]};
    }

    private void checkPositions() {
        if (!pair.loss().needsManyPositions()) return;
        long[] shape = student.get(0);
        if (shape.length == 3 && shape[1] * shape[2] > 1) return;
        throw trouble("needs maps with more than one position, found " + Tensors.shapeText(shape)
                + "; pair layers before the pooling");
    }

    private LimbeckException trouble(String what) {
        return new LimbeckException("pair " + pair.layers() + ": " + pair.loss().name() + " " + what);
    }

    /** Format a line such as {@code pair layer3: 128×8×8 → 256×8×8 through conv1x1, 33,024 parameters}. */
    private String line(int i, FeatureForm ours, FeatureForm theirs, @Nullable Module adapter) {
        String name = pair.student().get(i).equals(pair.teacher().get(i))
                ? pair.student().get(i)
                : pair.student().get(i) + "/" + pair.teacher().get(i);
        StringBuilder text = new StringBuilder("pair " + name + ": " + words(ours) + " → " + words(theirs) + " by "
                + pair.loss().name());
        long[] compared = student.get(i);
        boolean resampled = compared.length == 3 && !(hasSide(ours, compared[1]) && hasSide(theirs, compared[1]));
        if (resampled && pair.loss().needs() != Needs.NOTHING) {
            text.append(" at ").append(compared[1]).append('×').append(compared[2]);
        }
        if (adapter != null) {
            String kind = pair.adapter() == Adapter.AUTO
                    ? (compared.length == 3 ? Adapter.CONV1X1 : Adapter.LINEAR).toString()
                    : pair.adapter().toString();
            text.append(String.format(Locale.ROOT, " through %s, %,d parameters", kind, adapter.parameterCount()));
        }
        return text.toString();
    }

    private static boolean hasSide(FeatureForm form, long side) {
        return form.shape().length == 3 && form.shape()[1] == side;
    }

    private String words(FeatureForm form) {
        return tokens || form.ofTokens()
                ? "tokens×" + Tensors.shapeText(width(form.shape()))
                : Tensors.shapeText(form.shape());
    }

    /** Return a description of the alignment, one line per pair of layers. */
    List<String> plan() {
        return plan;
    }

    FeaturePair pair() {
        return pair;
    }

    /** Return whether tokens that are padding must be told from others. */
    boolean readsTokens() {
        return tokens
                || ours.stream().anyMatch(FeatureForm::ofTokens)
                || theirs.stream().anyMatch(FeatureForm::ofTokens);
    }

    /** Return whether there are parameters to train before the student. */
    boolean learns() {
        return modules().values().stream().anyMatch(module -> module.parameterCount() > 0);
    }

    /** Return adapters and learned losses by name. */
    Map<String, Module> modules() {
        Map<String, Module> modules = new LinkedHashMap<>();
        for (int i = 0; i < adapters.size(); i++) {
            Module adapter = adapters.get(i);
            if (adapter != null) modules.put("adapter" + i, adapter);
        }
        modules.put("loss", bound.learned());
        return modules;
    }

    @Override
    public void close() {
        modules().values().forEach(Module::close);
    }

    void to(Device device) {
        modules().values().forEach(module -> module.to(device));
    }

    /**
     * Compute the loss per row, or one scalar.
     *
     * @param own features of the student, per layer
     * @param other features of the teacher
     */
    Tensor rows(List<Tensor> own, List<Tensor> other, Tensor labels, int[] indices, Masks masks) {
        List<Tensor> first = new ArrayList<>();
        List<Tensor> second = new ArrayList<>();
        for (int i = 0; i < adapters.size(); i++) {
            Tensor ready =
                    tokens ? own.get(i) : joined(ours.get(i).compared(own.get(i), masks.student), student.get(i));
            Module adapter = adapters.get(i);
            first.add(adapter == null ? ready : adapter.apply(ready));
            second.add((tokens
                            ? other.get(i)
                            : joined(theirs.get(i).compared(other.get(i), masks.teacher), teacher.get(i)))
                    .detach());
        }
        Tensor seen = null;
        if (tokens) {
            Tensor mask = masks.student;
            Tensor like = first.get(0);
            seen = mask == null ? Ops.allTrue(like, like.size(0), like.size(1)) : mask;
        }
        return bound.rows(new Features(first, second, labels, indices, seen));
    }

    /** Return the student's outputs, a pair's only features, in the form that is compared with the teacher's. */
    Tensor adapted(Tensor outputs) {
        Module adapter = adapters.get(0);
        Tensor own = joined(ours.get(0).compared(outputs, null), student.get(0));
        return adapter == null ? own : adapter.apply(own);
    }

    /** Reshape and pool a map or a vector to a common shape. */
    private static Tensor joined(Tensor map, long[] shape) {
        if (shape.length == 3 && map.dim() == 2) return map.unsqueeze(2).unsqueeze(3);
        if (shape.length != 3 || map.dim() != 4) return map;
        if (map.size(2) == shape[1] && map.size(3) == shape[2]) return map;
        return LayerOps.adaptiveAvgPool2d(map, shape[1], shape[2]);
    }

    /** Return the height and width for the comparison; empty for two vectors, unless the loss needs maps. */
    private static long[] common(long[] first, long[] second, Needs needs) {
        if (first.length != 3 && second.length != 3 && needs == Needs.SHAPE) return new long[0];
        if (first.length != 3 || second.length != 3) return new long[] {1, 1};
        return new long[] {Math.min(first[1], second[1]), Math.min(first[2], second[2])};
    }

    private static long[] at(long[] shape, long[] positions) {
        return positions.length == 0 ? shape : new long[] {shape[0], positions[0], positions[1]};
    }

    private static long[] withChannels(long[] shape, long channels) {
        long[] changed = shape.clone();
        changed[0] = channels;
        return changed;
    }
}
