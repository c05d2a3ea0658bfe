package dev.limbeck.train;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.run.RunJson;
import dev.limbeck.weights.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** List the readers of training outputs. */
public final class TrainTargets {
    private TrainTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("run-json", Mutators.text(), TrainTargets::record).allowing(2000),
                Target.of("checkpoint", Mutators.safetensors(), TrainTargets::checkpoint)
                        .allowing(2000),
                Target.of("saved-model", Mutators.safetensors(), TrainTargets::model)
                        .allowing(20_000),
                Target.of("class-names", Mutators.text(), TrainTargets::names).allowing(2000));
    }

    private static long record(Path file) {
        RunJson.read(file);
        return 0;
    }

    private static long checkpoint(Path file) {
        Checkpoint.facts(file);
        TrainingState.read(file).close();
        return 0;
    }

    private static long model(Path file) {
        Map<String, String> metadata = Safetensors.readMetadata(file);
        SavedModel.classNames(file.toString(), metadata.get("classes"));
        if (ImagePreprocessing.isIn(metadata)) ImagePreprocessing.of(metadata);
        SavedModel.open(file, null).close();
        return 0;
    }

    private static long names(Path file) throws IOException {
        SavedModel.classNames(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        return 0;
    }
}
