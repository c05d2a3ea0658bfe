package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.recipe.RecipeFiles;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer what a student learns from, and how. What is not given is for the recipe to choose. */
final class TeachingOptions {
    @Option(
            names = "--teacher",
            description = "A run directory, a .safetensors file or a PyTorch checkpoint (then with --teacher-arch).")
    @Nullable
    String teacher;

    @Option(names = "--teacher-arch", description = "Architecture of a teacher whose file does not name it.")
    @Nullable
    String teacherArch;

    @Option(names = "--weight", description = "Share of the teacher in the loss (default: 0.5).")
    @Nullable
    Double weight;

    @Option(
            names = "--least-confidence",
            description = "Leave out images without a label of which the teacher is less sure, such as 0.8.")
    @Nullable
    Double leastConfidence;

    @Option(
            names = {"-T", "--temperature"},
            description = "Temperature that softens both networks' probabilities, for losses with one (default: 3).")
    @Nullable
    Double temperature;

    @Option(
            names = "--loss",
            description = "soft-target, soft-cross-entropy, soft-cross-entropy-scaled, logit-mse or hard-label "
                    + "(default: soft-target).")
    @Nullable
    String loss;

    /** Write what was given over a recipe. */
    void into(ObjectNode recipe) {
        if (teacher != null) recipe.withObject("/teacher").put("model", teacher);
        if (teacherArch != null) recipe.withObject("/teacher").put("architecture", teacherArch);
        if (weight == null && loss == null && temperature == null && leastConfidence == null) return;
        ObjectNode tree = recipe.withObject("/distillation");
        if (weight != null) tree.put("weight", weight);
        if (leastConfidence != null) tree.put("least_confidence", leastConfidence);
        if (loss == null && temperature == null) return;
        // One loss on the command line takes the place of all in the file, but for what only the file says.
        ObjectNode one = tree.path("losses").path(0) instanceof ObjectNode first
                        && tree.path("losses").size() == 1
                ? first.deepCopy()
                : RecipeFiles.tree();
        if (loss != null) one.put("name", loss);
        if (temperature != null) one.put("temperature", temperature);
        if (!one.has("name")) one.put("name", "soft-target");
        tree.putArray("losses").add(one);
    }
}
