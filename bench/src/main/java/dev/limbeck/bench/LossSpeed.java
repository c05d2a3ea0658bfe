package dev.limbeck.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.nn.Module;
import dev.limbeck.recipe.DistillationRecipe;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Time one training step under each loss relative to {@code soft-target}, alternating in rounds. ResNet-34 teaches
 * ResNet-18 on a random batch with AdamW; with {@code --tokens 32}, an encoder of six layers teaches one of three on sentences of so
 * many tokens. Losses are written as on the command line, separated by semicolons. Prints a
 * JSON line per loss with the median over the rounds.
 */
public final class LossSpeed {
    private static final int CLASSES = 10;
    private static final int WARM_UP = 1;
    private static final String OF_IMAGES = "fitnet:layer3+layer4;attention:layer3+layer4;similarity:layer3+layer4;"
            + "relational-distance:layer3+layer4;relational-angle:layer3+layer4";
    private static final String OF_TOKENS =
            "hidden-states:auto;hidden-cosine:auto;self-attention:auto,heads=12;" + "value-relation:auto,heads=12";

    private LossSpeed() {}

    /** Run the benchmark; options are {@code --losses --rounds --steps --batch --size --tokens --student --teacher}. */
    public static void main(String... arguments) {
        Options options = Options.of(
                Map.of(
                        "losses", "",
                        "rounds", "5",
                        "steps", "4",
                        "batch", "64",
                        "size", "64",
                        "tokens", "0",
                        "student", "",
                        "teacher", ""),
                arguments);
        boolean texts = options.number("tokens") > 0;
        List<String> losses =
                List.of(options.text("losses", texts ? OF_TOKENS : OF_IMAGES).split(";"));
        Map<String, List<Double>> ratios = new LinkedHashMap<>();
        for (int round = 0; round < options.number("rounds"); round++) {
            for (String loss : losses) {
                // Each loss is measured next to its own reference, which a noisy machine slows down equally.
                double reference = measure("soft-target", options);
                ratios.computeIfAbsent(loss, l -> new ArrayList<>()).add(measure(loss, options) / reference);
            }
        }
        ratios.forEach((loss, found) -> System.out.printf(
                Locale.ROOT,
                "{\"loss\": \"%s\", \"relative_to_soft_target\": %.3f, \"least\": %.3f, \"most\": %.3f}%n",
                loss,
                Medians.of(found),
                found.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                found.stream().mapToDouble(Double::doubleValue).max().orElseThrow()));
    }

    private static double measure(String loss, Options options) {
        StepTimes times = new StepTimes(WARM_UP);
        ObjectNode tree = RecipeFiles.tree();
        tree.withArrayProperty("losses").add(LossRecipe.parse(loss));
        boolean texts = options.number("tokens") > 0;
        try (RepeatedBatch data = batch(options);
                Module teacher = Zoo.byName(options.text("teacher", texts ? "bert-L6-H384-A12" : "resnet34"))
                        .create(CLASSES, data.inputs());
                Learner student = Learner.builder(
                                data, Zoo.byName(options.text("student", texts ? "bert-L3-H384-A12" : "resnet18")))
                        .device("cpu")
                        .build()) {
            KnowledgeDistillation distillation =
                    RecipeFiles.bind(tree, DistillationRecipe.class, "").with(ModuleTeacher.of(teacher, List.of()));
            student.fit(1, 1e-3, times, distillation);
        }
        return times.median();
    }

    private static RepeatedBatch batch(Options options) {
        int rows = options.number("batch");
        int batches = options.number("steps") + WARM_UP;
        int tokens = options.number("tokens");
        if (tokens > 0) return RepeatedBatch.sentences(rows, tokens, CLASSES, batches);
        int size = options.number("size");
        return new RepeatedBatch(Tensors.channelsLast(Tensors.randn(rows, 3, size, size)), CLASSES, batches);
    }
}
