package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.optim.Schedule;
import java.util.List;

/**
 * Pair a layer of the student with a layer of the teacher for a feature loss. A layer is given by its path, which
 * refers to its output, or by its path and {@code :input}:
 *
 * <pre>{@code
 * FeaturePair.of("layer3", "layer3").loss(new AttentionTransfer()).scale(0.1)
 * }</pre>
 *
 * <p>Token sequences N×tokens×C become maps if the tokens form a square, without up to two leading tokens. Those of texts, whose length
 * differs from batch to batch, are averaged over the tokens that are not padding. If a loss needs equal positions, the larger map is reduced by adaptive average pooling.
 *
 * @param student one layer, or as many as the loss compares at once
 * @param teacher the same number of layers
 * @param scale factor besides the distillation weight
 */
public record FeaturePair(
        List<String> student, List<String> teacher, FeatureLoss loss, Adapter adapter, Schedule scale) {
    /** Name of the outputs of both networks, where they are embeddings; see {@link #embeddings}. */
    public static final String EMBEDDING = "embedding";

    public FeaturePair {
        student = List.copyOf(student);
        teacher = List.copyOf(teacher);
        if (student.size() != teacher.size() || student.isEmpty()) {
            throw new LimbeckException("a pair needs the same number of student and teacher layers, found "
                    + student.size() + " and " + teacher.size());
        }
        if (student.size() + teacher.size() > 2
                ? student.contains(FeaturePairs.AUTO) || teacher.contains(FeaturePairs.AUTO)
                : student.contains(FeaturePairs.AUTO) != teacher.contains(FeaturePairs.AUTO)) {
            throw new LimbeckException("auto finds the layers of both networks, found it beside others in "
                    + layers(student, teacher) + "; give auto alone, or name all layers");
        }
        scale.each(value -> Settings.notNegative("scale", value));
    }

    /**
     * Pair the outputs of both networks, for data of the task {@code embedding}: the student's pooled features and the
     * teacher's embedding.
     */
    public static FeaturePair embeddings() {
        return of(EMBEDDING, EMBEDDING);
    }

    /** Pair one layer with one, using {@link FitNet}. */
    public static FeaturePair of(String student, String teacher) {
        return of(List.of(student), List.of(teacher));
    }

    /** Pair several layers, from shallow to deep, for losses that compare several at once. */
    public static FeaturePair of(List<String> student, List<String> teacher) {
        return new FeaturePair(student, teacher, new FitNet(), Adapter.AUTO, Schedule.constant(1));
    }

    /** Select layers automatically with {@link FeaturePairs#match} when both networks are known. */
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

    /** Return the name for records: {@code FitNet(layer3)}, {@code FitNet(layer2/layer3)}. */
    public String name() {
        return loss.name() + "(" + layers() + ")";
    }

    /** Return the layers in command-line syntax. */
    String layers() {
        return layers(student, teacher);
    }

    private static String layers(List<String> student, List<String> teacher) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < student.size(); i++) {
            if (i > 0) text.append('+');
            text.append(student.get(i));
            if (!student.get(i).equals(teacher.get(i))) text.append('/').append(teacher.get(i));
        }
        return text.toString();
    }
}
