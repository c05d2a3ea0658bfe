package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.model.SavedModel;
import dev.limbeck.weights.ClassNames;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hold the facts about a model file. The user's settings override those of the file.
 *
 * @param classNames in the order of its outputs; empty if they are not known
 * @param preprocessing of its inputs, as far as it is known, in the order in which it is said
 * @param output what its numbers are; null to find it out
 * @param task its task; null if the file does not say it
 * @param trusted whether Limbeck itself wrote what the output is
 * @param log takes a line about what is doubtful
 */
record FileSettings(
        List<String> classNames,
        Map<String, String> preprocessing,
        @Nullable TeacherOutput output,
        Task.@Nullable Kind task,
        boolean trusted,
        ModelRole role,
        Consumer<String> log) {
    private static final String CLASSES = ModelFacts.CLASSES;
    private static final String OUTPUT = "output";

    FileSettings {
        classNames = List.copyOf(classNames);
        preprocessing = Collections.unmodifiableMap(new LinkedHashMap<>(preprocessing));
    }

    /**
     * Read the facts stored in a file, or what a server says.
     *
     * @throws dev.limbeck.LimbeckException if one of its words is none that is known
     */
    static FileSettings of(String place, ModelFacts facts, ModelRole role, Consumer<String> log) {
        Map<String, String> metadata = facts.metadata();
        String output = metadata.get(OUTPUT);
        Consumer<String> lines = line -> log.accept(place + ": its " + line);
        if (metadata.containsKey(ModelFacts.CLASSES_FROM)) {
            lines.accept("classes are those of its graph (" + Printable.quote(metadata.get(ModelFacts.CLASSES_FROM))
                    + "): " + Printable.quote(String.valueOf(metadata.get(ModelFacts.CLASSES))));
        }
        return new FileSettings(
                metadata.containsKey(Task.KEY)
                        ? SavedModel.classNames(place, metadata.get(CLASSES))
                        : classNames(metadata, lines),
                Modalities.of(facts)
                        .map(modality -> named(modality, modality.read(facts, lines)))
                        .orElse(Map.of()),
                output == null ? null : TeacherOutput.of(output),
                task(metadata),
                SavedModel.isOurs(metadata),
                role,
                log);
    }

    /** Return the task that a file says. Limbeck's own say it unless it is single-label classification. */
    private static Task.@Nullable Kind task(Map<String, String> metadata) {
        String said = metadata.get(Task.KEY);
        if (said != null) return Task.Kind.of(said);
        return SavedModel.isOurs(metadata) ? Task.Kind.SINGLE_LABEL : null;
    }

    private static Map<String, String> named(Modality modality, Map<String, String> preprocessing) {
        if (preprocessing.isEmpty() || Modalities.isDefault(modality.kind())) return preprocessing;
        Map<String, String> all = new LinkedHashMap<>(preprocessing);
        all.put(Modalities.KEY, modality.kind());
        return all;
    }

    private static List<String> classNames(Map<String, String> metadata, Consumer<String> lines) {
        for (String key : List.of(CLASSES, "names")) {
            String text = metadata.get(key);
            if (text == null) continue;
            List<String> names = ClassNames.parse(text);
            if (!names.isEmpty()) return names;
            lines.accept(key + " must be a list of different names such as [\"cat\", \"dog\"], found '"
                    + Printable.quote(text) + "'; they are not used");
        }
        return List.of();
    }

    /**
     * Check that outputs may be embeddings, and return the same settings.
     *
     * @throws LimbeckException if the file or the user says that they are another kind, or a layer is named
     */
    FileSettings requireEmbedding(ModelName who, @Nullable String layer) {
        if (layer != null) {
            throw new LimbeckException(who + " does not show its layers, found the layer '" + layer
                    + "'; save the network up to that layer, and leave it out (teacher.embedding in a recipe)");
        }
        if (output == TeacherOutput.EMBEDDING) return this;
        if ((task == null || task == Task.Kind.EMBEDDING) && output == null && classNames.isEmpty()) return this;
        throw new LimbeckException(who + " returns "
                + (output != null ? output.words() : "outputs of " + classNames.size() + " classes")
                + ", expected an embedding; save the network without its classifier (for a run of Limbeck: limbeck "
                + "export --embedding), or set that its outputs are one: "
                + role.output(TeacherOutput.EMBEDDING.key()));
    }

    /** Return the task, or else the one of the set output; single-label classification if neither is known. */
    Task.Kind taskOrOutput() {
        if (task != null) return task;
        if (output == TeacherOutput.EMBEDDING) return Task.Kind.EMBEDDING;
        return output == TeacherOutput.NUMBERS ? Task.Kind.REGRESSION : Task.Kind.SINGLE_LABEL;
    }

    FileSettings withClassNames(List<String> names) {
        return new FileSettings(names, preprocessing, output, task, trusted, role, log);
    }

    FileSettings withPreprocessing(Map<String, String> other) {
        Map<String, String> all = new LinkedHashMap<>(preprocessing);
        all.putAll(other);
        return new FileSettings(classNames, all, output, task, trusted, role, log);
    }

    /** Return settings with a kind of output; the outputs of a classifier, too, can be used as an embedding. */
    FileSettings withOutput(@Nullable TeacherOutput what) {
        Task.Kind kind = what == TeacherOutput.EMBEDDING ? Task.Kind.EMBEDDING : task;
        return new FileSettings(classNames, preprocessing, what, kind, false, role, log);
    }

    FileSettings withTask(Task.Kind kind) {
        return new FileSettings(classNames, preprocessing, output, kind, trusted, role, log);
    }
}
