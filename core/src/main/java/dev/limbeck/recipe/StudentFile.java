package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Hold the trained model that a student starts from, with its classifier.
 *
 * @param path a run directory or a safetensors file that Limbeck wrote
 */
record StudentFile(Path path) {
    private static final String ENDING = ".safetensors";

    /** Return the file that a recipe's student names; empty if it names an architecture. */
    static Optional<StudentFile> of(String student) {
        boolean isPath = student.endsWith(ENDING) || student.contains("/") || student.contains("\\");
        if (!isPath && (Zoo.find(student).isPresent() || !Files.exists(Path.of(student)))) return Optional.empty();
        return Optional.of(new StudentFile(Path.of(student)));
    }

    private Map<String, String> metadata() {
        Path file = Files.isDirectory(path) ? path.resolve(SavedModel.FILE_NAME) : path;
        if (!Files.isRegularFile(file)) {
            throw MissingFile.of("student", path, "expected an architecture, a run directory or a " + ENDING + " file");
        }
        Map<String, String> metadata = SavedModel.readMetadata(path);
        if (metadata.containsKey(SavedModel.ARCHITECTURE)) return metadata;
        throw new LimbeckException(
                path + " does not contain its architecture, so no student can start from it; name a run or a " + ENDING
                        + " file that Limbeck wrote, or give its weights to a new student (--weights)");
    }

    /** Return its architecture, without reading the weights. */
    Architecture architecture() {
        return Zoo.byName(metadata().get(SavedModel.ARCHITECTURE));
    }

    /** Return how its inputs are prepared. */
    Map<String, String> preprocessing() {
        return SavedModel.preprocessing(metadata());
    }

    /**
     * Let a learner of its architecture go on from its weights.
     *
     * @throws LimbeckException if it knows other classes than the data
     */
    void into(Learner learner, Consumer<String> log) {
        try (SavedModel model = SavedModel.open(path, null)) {
            List<String> names = model.classNames();
            List<String> ofData = learner.data().classNames();
            if (model.classes() != ofData.size() || !names.isEmpty() && !names.equals(ofData)) {
                throw new LimbeckException(
                        path + " knows " + model.classes() + " classes" + shown(names)
                                + ", the data has " + ofData.size() + shown(ofData)
                                + "; a student goes on with the same classes in the same order, or starts from the weights alone (--weights)");
            }
            try (StateDict state = model.module().stateDict()) {
                learner.model().load(state);
            }
            log.accept("the student starts from " + model.file() + " (" + model.architecture() + ")");
        }
    }

    private static String shown(List<String> names) {
        return names.isEmpty() ? "" : " (" + Names.quoted(names) + ")";
    }
}
