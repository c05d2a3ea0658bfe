package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.teacher.EnsembleTeacher;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.io.Checksum;
import dev.limbeck.model.SavedModel;
import dev.limbeck.run.RunRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Hold a teacher that was opened from files, and what records say of it. It owns what was opened.
 *
 * @param file where it was read from
 * @param architecture name in the zoo, or the kind of file
 * @param preparation how its inputs are prepared, as far as is known
 * @param sha256 of its weights, or of its file
 * @param saved the model, if it is one of the zoo's
 */
public record LoadedTeacher(
        Teacher teacher,
        String file,
        String architecture,
        Map<String, String> preparation,
        String sha256,
        @Nullable SavedModel saved,
        Runnable closing)
        implements AutoCloseable {
    /** Let a model of the zoo teach. */
    public static LoadedTeacher of(SavedModel saved) {
        return new LoadedTeacher(
                ModuleTeacher.of(saved),
                saved.file().toString(),
                saved.architecture(),
                saved.preparation(),
                saved.sha256(),
                saved,
                saved::close);
    }

    static LoadedTeacher of(FileTeacher teacher, String file) {
        return new LoadedTeacher(
                teacher, file, teacher.facts().kind(), teacher.preprocessing(), teacher.sha256(), null, teacher::close);
    }

    /** Join several; the data is prepared as the first wants it, unless it is told otherwise. */
    static LoadedTeacher of(
            List<LoadedTeacher> members, EnsembleTeacher.Combination join, double @Nullable [] weights) {
        Teacher[] teachers = members.stream().map(LoadedTeacher::teacher).toArray(Teacher[]::new);
        EnsembleTeacher ensemble = EnsembleTeacher.of(teachers).withCombination(join);
        String settings = join + (weights == null ? "" : Arrays.toString(weights));
        return new LoadedTeacher(
                weights == null ? ensemble : ensemble.withWeights(weights),
                members.stream().map(LoadedTeacher::file).collect(Collectors.joining(", ")),
                members.stream().map(LoadedTeacher::architecture).collect(Collectors.joining("+")),
                members.get(0).preparation,
                Checksum.sha256Of(
                        members.stream().map(LoadedTeacher::identity).collect(Collectors.joining("+")) + settings),
                null,
                () -> members.forEach(LoadedTeacher::close));
    }

    /** Return what a record says of a distillation by this teacher. */
    ObjectNode described(KnowledgeDistillation distillation) {
        return RunRecord.distillation(distillation.describe(), file, sha256, identity());
    }

    /**
     * Return a SHA-256 in hex of all that its answers depend on beside the recipe: what it is read from and, for a model of the
     * zoo, whose {@link #sha256} is of the weights alone, what its file says of classes and inputs.
     */
    public String identity() {
        return saved == null
                ? sha256
                : Checksum.sha256Of(String.join(
                        "\n",
                        sha256,
                        architecture,
                        saved.classNames().toString(),
                        new TreeMap<>(preparation).toString()));
    }

    /** Return the same with its answers handled by another teacher around it, such as one that keeps them. */
    public LoadedTeacher wrapped(UnaryOperator<Teacher> around) {
        return new LoadedTeacher(around.apply(teacher), file, architecture, preparation, sha256, saved, closing);
    }

    @Override
    public void close() {
        closing.run();
    }
}
