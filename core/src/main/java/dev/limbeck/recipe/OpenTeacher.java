package dev.limbeck.recipe;

import dev.limbeck.distill.teacher.EnsembleTeacher;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.train.SavedModel;
import dev.limbeck.weights.Checksum;
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
public record OpenTeacher(
        Teacher teacher,
        String file,
        String architecture,
        Map<String, String> preparation,
        String sha256,
        @Nullable SavedModel saved,
        Runnable closing)
        implements AutoCloseable {
    /** Let a model of the zoo teach. */
    public static OpenTeacher of(SavedModel saved) {
        return new OpenTeacher(
                ModuleTeacher.of(saved),
                saved.file().toString(),
                saved.architecture(),
                saved.preparation(),
                saved.sha256(),
                saved,
                saved::close);
    }

    static OpenTeacher of(FileTeacher teacher, String file) {
        return new OpenTeacher(
                teacher, file, teacher.facts().kind(), teacher.preparation(), teacher.sha256(), null, teacher::close);
    }

    /** Join several; the data is prepared as the first wants it, unless it is told otherwise. */
    static OpenTeacher of(List<OpenTeacher> members, EnsembleTeacher.Join join, double @Nullable [] weights) {
        Teacher[] teachers = members.stream().map(OpenTeacher::teacher).toArray(Teacher[]::new);
        EnsembleTeacher ensemble = EnsembleTeacher.of(teachers).joined(join);
        String settings = join + (weights == null ? "" : Arrays.toString(weights));
        return new OpenTeacher(
                weights == null ? ensemble : ensemble.weighted(weights),
                members.stream().map(OpenTeacher::file).collect(Collectors.joining(", ")),
                members.stream().map(OpenTeacher::architecture).collect(Collectors.joining("+")),
                members.get(0).preparation,
                Checksum.sha256Of(
                        members.stream().map(OpenTeacher::identity).collect(Collectors.joining("+")) + settings),
                null,
                () -> members.forEach(OpenTeacher::close));
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
    public OpenTeacher wrapped(UnaryOperator<Teacher> around) {
        return new OpenTeacher(around.apply(teacher), file, architecture, preparation, sha256, saved, closing);
    }

    @Override
    public void close() {
        closing.run();
    }
}
