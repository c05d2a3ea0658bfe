package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitLosses;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "distill",
        description = "Train a student from the labels and from a teacher, and write a run directory.")
final class DistillCommand extends LimbeckCommand {
    @Option(
            names = "--teacher",
            required = true,
            description = "A run directory, a .safetensors file or a PyTorch checkpoint (then with --teacher-arch).")
    Path teacher = Path.of("");

    @Option(names = "--teacher-arch", description = "Architecture of a teacher whose file does not name it.")
    @Nullable
    String teacherArch;

    @Option(names = "--weight", defaultValue = "0.5", description = "Share of the teacher in the loss (default: 0.5).")
    double weight = 0.5;

    @Option(
            names = {"-T", "--temperature"},
            description = "Temperature that softens both networks' probabilities, for losses with one (default: 3).")
    @Nullable
    Double temperature;

    @Option(
            names = "--loss",
            defaultValue = "soft-target",
            description = "soft-target, soft-cross-entropy, soft-cross-entropy-scaled, logit-mse or hard-label "
                    + "(default: soft-target).")
    String loss = "soft-target";

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
        Settings.inUnit("--weight", weight);
        if (temperature != null) Settings.positive("--temperature", temperature);
        LogitLoss chosen = LogitLosses.byName(loss, temperature);
        Architecture student = Zoo.byName(training.arch);
        if (training.overwrite && inside(teacher, training.out)) {
            throw new LimbeckException(
                    "the teacher lies in --out " + training.out + ", which --overwrite replaces; choose another --out");
        }
        engine.apply();
        try (SavedModel saved = SavedModel.open(teacher, teacherArch == null ? null : Zoo.byName(teacherArch))) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(saved)
                    .weight(weight)
                    .loss(chosen)
                    .build();
            try (ImageData images = data.open(this, training.seed, student, saved.preparation())) {
                Map<String, Object> facts = new LinkedHashMap<>(distillation.describe());
                facts.put("teacher_file", saved.file().toString());
                facts.put("teacher_sha256", saved.sha256());
                return new TrainingRun(this, "distill", data, training, engine)
                        .run(student, images, List.of(distillation), Map.of("distillation", facts));
            }
        }
    }

    private static boolean inside(Path file, Path folder) {
        try {
            return file.toRealPath().startsWith(folder.toRealPath());
        } catch (IOException e) {
            // One of them does not exist, which is said where it matters.
            return false;
        }
    }
}
