package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
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
 * Hold an opened teacher and the facts that run records store about it. It owns the teacher's resources.
 *
 * @param file path it was read from
 * @param architecture name in the zoo, or the file format
 * @param preprocessing preprocessing of its inputs, as far as known
 * @param sha256 SHA-256 of its weights or its file, in hex
 * @param saved the model, if it is a zoo model
 */
public record LoadedTeacher(
        Teacher teacher,
        String file,
        String architecture,
        Map<String, String> preprocessing,
        String sha256,
        @Nullable SavedModel saved,
        Runnable closing)
        implements AutoCloseable {
    /** What stands between the architectures of several teachers. */
    public static final String JOINED = "+";

    /** Create a teacher from a zoo model. */
    public static LoadedTeacher of(SavedModel saved) {
        return new LoadedTeacher(
                ModuleTeacher.of(saved),
                saved.file().toString(),
                saved.architecture(),
                saved.preprocessing(),
                saved.sha256(),
                saved,
                saved::close);
    }

    static LoadedTeacher of(FileTeacher teacher, String file) {
        return new LoadedTeacher(
                teacher, file, teacher.facts().kind(), teacher.preprocessing(), teacher.sha256(), null, teacher::close);
    }

    /** Combine several teachers. The data is preprocessed for the first one unless the recipe sets it. */
    static LoadedTeacher of(
            List<LoadedTeacher> members, EnsembleTeacher.Combination join, double @Nullable [] weights) {
        Teacher[] teachers = members.stream().map(LoadedTeacher::teacher).toArray(Teacher[]::new);
        EnsembleTeacher ensemble = EnsembleTeacher.of(teachers).withCombination(join);
        String settings = join + (weights == null ? "" : Arrays.toString(weights));
        return new LoadedTeacher(
                weights == null ? ensemble : ensemble.withWeights(weights),
                members.stream().map(LoadedTeacher::file).collect(Collectors.joining(", ")),
                members.stream().map(LoadedTeacher::architecture).collect(Collectors.joining(JOINED)),
                members.get(0).preprocessing,
                Checksum.sha256Of(
                        members.stream().map(LoadedTeacher::identity).collect(Collectors.joining("+")) + settings),
                null,
                () -> members.forEach(LoadedTeacher::close));
    }

    /** Return what a run record stores about a distillation with this teacher. */
    ObjectNode described(KnowledgeDistillation distillation) {
        return RunRecord.distillation(distillation.describe(), file, sha256, identity());
    }

    /**
     * Return a SHA-256 in hex of everything its outputs depend on besides the recipe. This includes the file and, for a
     * zoo model, the class names and preprocessing, because {@link #sha256} covers only its weights.
     */
    public String identity() {
        return saved == null
                ? sha256
                : Checksum.sha256Of(String.join(
                        "\n",
                        sha256,
                        architecture,
                        saved.classNames().toString(),
                        new TreeMap<>(preprocessing).toString()));
    }

    /**
     * Check that data can be prepared for it.
     *
     * @throws LimbeckException if it is of another kind of data
     */
    void requireFor(Data data) {
        Preprocessing own = data.preprocessing();
        if (preprocessing.isEmpty() || !preprocessing.containsKey(Modalities.KEY) && !Modalities.isNamed(own)) return;
        Modality modality = Modalities.ofSaved(preprocessing);
        if (modality.kind().equals(own.kind())) return;
        try (AlternateView view = data.alternateView(modality.preprocessing(preprocessing))) {
            view.inputs();
        } catch (LimbeckException e) {
            throw new LimbeckException(
                    "the teacher " + file + " is of " + modality.kind() + " data, the data is " + own.kind() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** Return a copy whose teacher is wrapped by another, such as a cache. */
    public LoadedTeacher wrapped(UnaryOperator<Teacher> around) {
        return new LoadedTeacher(around.apply(teacher), file, architecture, preprocessing, sha256, saved, closing);
    }

    @Override
    public void close() {
        closing.run();
    }
}
