package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.served.ModelAddress;
import dev.limbeck.model.SavedModel;
import dev.limbeck.model.WeightSelection;
import dev.limbeck.train.Learner;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hold the larger model of the student's family whose weights the student starts from: its teacher, or a file. See {@link WeightSelection}.
 *
 * @param from {@code teacher}, or a file of weights as a teacher's
 */
public record InitRecipe(
        @Setting(
                help = "Start from weights of the teacher, or a file",
                required = true,
                options = "--init",
                label = "teacher|FILE")
        String from,

        @Setting(help = "Architecture of that file, if it has none", options = "--init-arch", rare = true) @Nullable
        String architecture,

        @Setting(
                help = "Which of several sets of weights in that file",
                options = {})
        @Nullable
        String weightsKey,

        @Setting(
                help = "Class names of that file, in the order of its outputs",
                whenUnset = "its file's",
                options = {})
        @Nullable
        List<String> classes) {
    private static final String TEACHER = "teacher";

    public InitRecipe {
        if (architecture != null) Zoo.byName(architecture);
        if (from.equals(TEACHER) && (architecture != null || weightsKey != null || classes != null)) {
            throw new LimbeckException(
                    "init.from is the teacher, whose own settings say its architecture, weights_key and classes;"
                            + " leave them out of init");
        }
        classes = classes == null ? null : List.copyOf(classes);
    }

    /** Start from the teacher. */
    static InitRecipe ofTeacher() {
        return new InitRecipe(TEACHER, null, null, null);
    }

    boolean isOfTeacher() {
        return from.equals(TEACHER);
    }

    /** Refuse a teacher without a state dict that could be read, before it is opened. */
    void requireWeights(@Nullable TeacherRecipe teacher) {
        if (isOfTeacher() && teacher == null) {
            throw new LimbeckException(
                    "init.from (--init) is the teacher, but there is none; name a file of weights, or a teacher");
        }
        String model = isOfTeacher() ? teacher.model() : from;
        String found = model == null
                ? teacher.members().size() + " teachers"
                : ModelAddress.isOne(model) ? "a served model" : null;
        if (found != null) {
            throw new LimbeckException("a student starts from the weights of one model, found " + found
                    + "; name a file of weights (init.from, --init)");
        }
    }

    /** Return the same start for a recipe without the teacher. */
    InitRecipe without(TeacherRecipe teacher) {
        return isOfTeacher()
                ? new InitRecipe(
                        String.valueOf(teacher.model()),
                        teacher.architecture(),
                        teacher.weightsKey(),
                        teacher.classes())
                : this;
    }

    /** Return the preprocessing of a file that Limbeck wrote; empty for others. */
    Map<String, String> preprocessing() {
        return isOfTeacher() ? Map.of() : SavedModel.readMetadata(Path.of(from));
    }

    private LoadedTeacher open(Consumer<String> log) {
        return new TeacherRecipe(
                        from, architecture, weightsKey, null, classes, null, null, null, null, null, null, null, null)
                .open(log);
    }

    /**
     * Check that a student can start so, before its data are opened.
     *
     * @param teacher the opened teacher; null for none
     * @throws LimbeckException in one line, if the weights cannot be read or are of another family
     */
    void check(Architecture student, @Nullable LoadedTeacher teacher, Consumer<String> log) {
        if (isOfTeacher()) {
            WeightSelection.check(saved(teacher), student);
            return;
        }
        try (LoadedTeacher source = open(log)) {
            WeightSelection.check(saved(source), student);
        }
    }

    /**
     * Return whether a student can start so.
     *
     * @param teacher the opened teacher; null for none
     * @throws LimbeckException in one line, if the weights cannot be read
     */
    boolean allows(Architecture student, @Nullable LoadedTeacher teacher, Consumer<String> log) {
        if (isOfTeacher()) return WeightSelection.isPossible(saved(teacher), student);
        try (LoadedTeacher source = open(log)) {
            return WeightSelection.isPossible(saved(source), student);
        }
    }

    /** Build a learner that starts so. */
    Learner build(LearnerBuilder learner, @Nullable LoadedTeacher teacher, Consumer<String> log) {
        if (isOfTeacher()) return learner.startFrom(saved(teacher)).build();
        try (LoadedTeacher source = open(log)) {
            return learner.startFrom(saved(source)).build();
        }
    }

    /** Return the SHA-256 of a file's weights, in hex; empty for the teacher, whose content is checked anyway. */
    String sha256(Consumer<String> log) {
        if (isOfTeacher()) return "";
        try (LoadedTeacher source = open(log)) {
            return source.sha256();
        }
    }

    private static SavedModel saved(@Nullable LoadedTeacher source) {
        if (source == null) throw new IllegalStateException("a start from the teacher has a teacher");
        SavedModel saved = source.saved();
        if (saved != null) return saved;
        throw new LimbeckException("a student starts from weights of a known architecture, found " + source.file()
                + " (" + source.architecture()
                + "), a whole network; name a run, safetensors or a PyTorch checkpoint (--init FILE)");
    }
}
