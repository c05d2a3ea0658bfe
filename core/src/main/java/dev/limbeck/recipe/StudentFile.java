package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

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

    private Path file() {
        return SavedModel.fileOf(path);
    }

    /** Return the SHA-256 of the file, in hex. */
    String sha256() {
        return Checksum.sha256Of(file());
    }

    private Map<String, String> metadata() {
        Path file = file();
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

    /** Let a learner of its architecture go on from its weights, with its classifier. */
    LearnerBuilder into(LearnerBuilder learner) {
        return learner.weights(path).keepHead();
    }
}
