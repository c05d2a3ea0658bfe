package dev.limbeck.cli;

import dev.limbeck.Settings;
import dev.limbeck.distill.DarkKnowledge;
import dev.limbeck.train.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "predict", description = "Name what images show.")
final class PredictCommand extends LimbeckCommand {
    @Mixin
    ModelOptions model = new ModelOptions();

    @Option(names = "--top", defaultValue = "3", description = "How many classes to show (default: 3).")
    int top = 3;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Image files.")
    List<Path> images = List.of();

    @Override
    Object run() {
        Settings.atLeast(1, "--top", top);
        List<Map<String, Object>> results = new ArrayList<>();
        try (SavedModel saved = model.open()) {
            ImageLogits logits = ImageLogits.of(saved, this);
            List<String> names = ModelOptions.classNames(saved);
            for (Path image : images) {
                double[] probabilities = DarkKnowledge.soften(logits.of(image), 1);
                Map<String, Double> best = new LinkedHashMap<>();
                IntStream.range(0, probabilities.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
                        .limit(top)
                        .forEach(i -> best.put(names.get(i), probabilities[i]));
                say(image + ": " + Texts.metrics(best));
                results.add(Map.of("image", image.toString(), "probabilities", best));
            }
        }
        return results;
    }
}
