package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.RecipeFiles;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer which teacher, or teachers, and what their files do not say. What is not given is for the recipe to choose. */
final class TeacherOptions {
    @Option(
            names = "--teacher",
            paramLabel = "FILE",
            description = "A run directory, a .safetensors file, a PyTorch checkpoint (then with --teacher-arch), a "
                    + "TorchScript file or an ONNX file; several teach together.")
    List<String> teachers = List.of();

    @Option(
            names = "--teacher-arch",
            description = "Architecture of a teacher whose file does not name it; as often as there are teachers.")
    List<String> architectures = List.of();

    @Option(
            names = "--teacher-weights-key",
            description = "Where in the teacher's checkpoint, if it holds several sets of weights, those to take lie.")
    @Nullable
    String weightsKey;

    @Option(
            names = "--teacher-image-size",
            description = "Side of the images that the teacher wants, if it is another.")
    @Nullable
    Integer imageSize;

    @Option(
            names = "--teacher-mean",
            split = ",",
            description = "Three channel means of the teacher's images, white is 1.")
    double @Nullable [] mean;

    @Option(names = "--teacher-std", split = ",", description = "Three channel deviations of the teacher's images.")
    double @Nullable [] std;

    @Option(
            names = "--teacher-layout",
            description = "nchw or nhwc, of a TorchScript or ONNX file (default: as it says).")
    @Nullable
    String layout;

    @Option(names = "--teacher-channels", description = "rgb or bgr, of a TorchScript or ONNX file (default: rgb).")
    @Nullable
    String channels;

    @Option(
            names = "--teacher-classes",
            split = ",",
            description =
                    "Class names in the order of the teacher's outputs (default: as its file says, else the data's).")
    List<String> classes = List.of();

    @Option(
            names = "--teacher-output",
            completionCandidates = OutputNames.class,
            description = "What a TorchScript or ONNX file gives: ${COMPLETION-CANDIDATES} (default: found out).")
    @Nullable
    String output;

    @Option(
            names = "--ensemble",
            description =
                    "How several teachers' answers become one: logits, probabilities or confidence (default: logits).")
    @Nullable
    String join;

    @Option(names = "--teacher-weights", split = ",", description = "How much each of several teachers counts.")
    double @Nullable [] weights;

    @Option(
            names = "--cache-teacher",
            paramLabel = "DIR",
            description = "Keep the teacher's answers in a folder, so that it is asked once about each image.")
    @Nullable
    String cache;

    @Option(
            names = "--cache-dtype",
            description = "Keep them as float32, float16 or top-K such as top-5 (default: float32).")
    @Nullable
    String cacheAs;

    /** Write what was given over a recipe. */
    void into(ObjectNode recipe) {
        ObjectNode own = RecipeFiles.tree();
        if (weightsKey != null) own.put("weights_key", weightsKey);
        if (imageSize != null) own.put("image_size", imageSize);
        numbers(own, "mean", mean);
        numbers(own, "std", std);
        if (layout != null) own.put("layout", layout);
        if (channels != null) own.put("channels", channels);
        if (!classes.isEmpty()) classes.forEach(own.putArray("classes")::add);
        if (output != null) own.put("output", output);
        ObjectNode all = RecipeFiles.tree();
        if (join != null) all.put("ensemble", join);
        numbers(all, "weights", weights);
        if (cache != null) all.put("cache", cache);
        if (cacheAs != null) all.put("cache_as", cacheAs);
        if (teachers.size() > 1) members(recipe.withObject("/teacher"), own);
        else one(recipe, own);
        if (!all.isEmpty()) recipe.withObject("/teacher").setAll(all);
    }

    private void one(ObjectNode recipe, ObjectNode own) {
        if (architectures.size() > 1) throw architectures(1);
        if (!architectures.isEmpty()) own.put("architecture", architectures.get(0));
        if (!teachers.isEmpty()) {
            own.put("model", teachers.get(0));
            recipe.withObject("/teacher").remove("members");
        }
        if (!own.isEmpty()) recipe.withObject("/teacher").setAll(own);
    }

    private void members(ObjectNode teacher, ObjectNode own) {
        if (architectures.size() > 1 && architectures.size() != teachers.size()) throw architectures(teachers.size());
        teacher.remove(List.of("model", "architecture"));
        ArrayNode members = teacher.putArray("members");
        for (int i = 0; i < teachers.size(); i++) {
            ObjectNode member = own.deepCopy().put("model", teachers.get(i));
            if (!architectures.isEmpty())
                member.put("architecture", architectures.get(architectures.size() > 1 ? i : 0));
            members.add(member);
        }
    }

    private LimbeckException architectures(int expected) {
        return new LimbeckException("there are " + expected + " teachers, found --teacher-arch " + architectures.size()
                + " times; give it once, or once for each teacher");
    }

    private static void numbers(ObjectNode tree, String key, double @Nullable [] values) {
        if (values == null) return;
        ArrayNode list = tree.putArray(key);
        for (double value : values) list.add(value);
    }
}
