package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.optim.Schedule;
import java.util.List;

/**
 * Let a layer of the student learn from a layer of the teacher. A layer is named by its path, which stands for its output,
 * or by its path and {@code :input}:
 *
 * <pre>{@code
 * FeaturePair.of("layer3", "layer3").loss(new AttentionTransfer()).scale(0.1)
 * }</pre>
 *
 * <p>Token sequences N×(tokens)×C become maps where the tokens, without up to two at the front, form a square. Where a loss
 * needs as many positions, the larger of two maps is pooled to the smaller's height and width by adaptive averages.
 *
 * @param student one layer, or as many as the loss compares at once
 * @param teacher as many
 * @param scale factor beside the weight of the teacher
 */
public record FeaturePair(
        List<String> student, List<String> teacher, FeatureLoss loss, Adapter adapter, Schedule scale) {
    public FeaturePair {
        student = List.copyOf(student);
        teacher = List.copyOf(teacher);
        if (student.size() != teacher.size() || student.isEmpty()) {
            throw new LimbeckException("a pair needs as many layers of the student as of the teacher, found "
                    + student.size() + " and " + teacher.size());
        }
        scale.each(value -> Settings.notNegative("scale", value));
    }

    /** Pair one layer with one, by {@link FitNet}. */
    public static FeaturePair of(String student, String teacher) {
        return of(List.of(student), List.of(teacher));
    }

    /** Pair several layers, from shallow to deep, for losses that compare several at once. */
    public static FeaturePair of(List<String> student, List<String> teacher) {
        return new FeaturePair(student, teacher, new FitNet(), Adapter.AUTO, Schedule.constant(1));
    }

    /** Let the layers be found by {@link FeaturePairs#match} when both networks are known. */
    public static FeaturePair matched() {
        return of(FeaturePairs.AUTO, FeaturePairs.AUTO);
    }

    public FeaturePair loss(FeatureLoss other) {
        return new FeaturePair(student, teacher, other, adapter, scale);
    }

    public FeaturePair adapter(Adapter other) {
        return new FeaturePair(student, teacher, loss, other, scale);
    }

    public FeaturePair scale(double factor) {
        return scale(Schedule.constant(Settings.notNegative("scale", factor)));
    }

    public FeaturePair scale(Schedule factors) {
        return new FeaturePair(student, teacher, loss, adapter, factors);
    }

    /** Return how records call it: {@code FitNet(layer3)}, {@code FitNet(layer2/layer3)}. */
    public String name() {
        return loss.name() + "(" + layers() + ")";
    }

    /** Return the layers as commands take them. */
    String layers() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < student.size(); i++) {
            if (i > 0) text.append('+');
            text.append(student.get(i));
            if (!student.get(i).equals(teacher.get(i))) text.append('/').append(teacher.get(i));
        }
        return text.toString();
    }
}
