package dev.limbeck.cli;

import dev.limbeck.data.image.ImageData;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "train", description = "Train a network on labelled images and write a run directory.")
final class TrainCommand extends LimbeckCommand {
    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    TrainingOptions training = new TrainingOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        training.check();
        data.check();
        Architecture architecture = Zoo.byName(training.arch);
        engine.apply();
        try (ImageData images = data.open(this, training.seed, architecture, Map.of())) {
            return new TrainingRun(this, "train", data, training, engine)
                    .run(architecture, images, List.of(), Map.of());
        }
    }
}
