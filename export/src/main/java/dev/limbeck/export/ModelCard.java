package dev.limbeck.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.Version;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Write what a stranger needs to know about an exported model, as Markdown. */
final class ModelCard {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** The 97.5 % quantile of the normal distribution. */
    private static final double UPPER = 1.959964;

    private ModelCard() {}

    static String of(Source model, OnnxFile.Options options, List<Exporter.Exported> files) throws IOException {
        StringBuilder text = new StringBuilder();
        JsonNode run = JSON.nullNode();
        if (model.file() != null) {
            Path recorded = model.file().toAbsolutePath().resolveSibling(RunDirectory.RECORD_NAME);
            if (Files.isRegularFile(recorded)) run = JSON.readTree(recorded.toFile());
        }
        line(text, "# %s, %d classes\n", model.name(), model.classes());
        String size =
                model.parameters() == 0 ? "" : String.format(Locale.ROOT, " of %,d parameters", model.parameters());
        line(text, "An image classifier%s, exported by Limbeck %s.\n", size, Version.number());
        input(text, model, options);
        files(text, files);
        training(text, run);
        results(text, run);
        line(text, "## Licence\n");
        line(text, "- of the model: *to be filled in*\n- of the training data: *to be filled in*");
        line(text, "- of the teacher: *to be filled in*\n");
        if (!model.sha256().isEmpty()) line(text, "SHA-256 of weights and buffers: `%s`", model.sha256());
        return text.toString();
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static void input(StringBuilder text, Source model, OnnxFile.Options options) {
        line(text, "## Input and output\n");
        ImagePreparation preparation = model.preparation();
        line(
                text,
                "RGB images, %s to %d×%d, float32 N×3×%2$d×%3$d. %s",
                preparation.resize().name().toLowerCase(Locale.ROOT),
                preparation.height(),
                preparation.width(),
                options.normalises()
                        ? "The ONNX file takes pixels from 0 to 255 and normalises them itself."
                        : "Pixels from 0 to 1, minus the mean " + preparation.mean() + ", divided by "
                                + preparation.std() + ".");
        line(text, "The ONNX file gives %s.\n", options.softmax() ? OnnxFile.PROBABILITIES : OnnxFile.LOGITS);
        if (!model.classNames().isEmpty()) line(text, "Classes in order: %s.\n", String.join(", ", model.classNames()));
    }

    private static void files(StringBuilder text, List<Exporter.Exported> files) {
        line(text, "## Files\n");
        line(text, "| file | bytes | SHA-256 | verified on | largest difference | same top class | accuracy |");
        line(text, "|---|---|---|---|---|---|---|");
        for (Exporter.Exported file : files) {
            Verification verification = file.verification();
            line(
                    text,
                    "| %s | %,d | `%s` | %s |",
                    file.format().fileName(),
                    file.bytes(),
                    file.sha256(),
                    verification == null
                            ? "nothing | | |"
                            : String.format(
                                    Locale.ROOT,
                                    "%,d images | %.1e of %.1f | %.2f %% | %.2f %% (model %.2f %%)",
                                    verification.rows(),
                                    verification.largestDifference(),
                                    verification.largestOutput(),
                                    100 * verification.agreement(),
                                    100 * verification.accuracy(),
                                    100 * verification.modelAccuracy()));
        }
        text.append('\n');
    }

    private static void training(StringBuilder text, JsonNode run) {
        line(text, "## Training\n");
        if (run.isNull()) {
            line(text, "Not known: there is no run.json beside the weights.\n");
            return;
        }
        line(
                text,
                "Data: %s, %s images (fingerprint `%s`).",
                run.at("/data/source").asText(),
                run.at("/data/sizes/train").asText(),
                run.at("/data/fingerprint").asText());
        if (run.has("distillation")) {
            line(
                    text,
                    "Taught by %s (`%s`), weight %s, by %s.",
                    run.at("/distillation/teacher").asText(),
                    run.at("/distillation/teacher_sha256").asText(),
                    run.at("/distillation/weight").asText(),
                    String.join(", ", names(run.at("/distillation/losses"))));
        }
        line(
                text,
                "To repeat it, save this as recipe.yaml and run `limbeck %s recipe.yaml --out run`:\n",
                run.has("distillation") ? "distill" : "train");
        line(text, "```json\n%s\n```\n", run.path("recipe").toPrettyString());
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static void results(StringBuilder text, JsonNode run) {
        JsonNode results = run.path("results");
        if (results.isMissingNode()) return;
        line(text, "## Results\n");
        line(text, "Intervals hold for other images of the same kind (Wilson, 95 %%), not for another training.\n");
        line(text, "| split | images | accuracy | 95 %% interval | loss |\n|---|---|---|---|---|");
        for (String split : List.of("valid", "test")) {
            JsonNode one = results.path(split);
            if (!one.has("accuracy")) continue;
            double share = one.path("accuracy").asDouble();
            double rows = one.path("rows").asDouble();
            double centre = (share + UPPER * UPPER / (2 * rows)) / (1 + UPPER * UPPER / rows);
            double half = UPPER
                    * Math.sqrt(share * (1 - share) / rows + UPPER * UPPER / (4 * rows * rows))
                    / (1 + UPPER * UPPER / rows);
            line(
                    text,
                    "| %s | %,.0f | %.2f %% | %.2f to %.2f %% | %.4f |",
                    split,
                    rows,
                    100 * share,
                    100 * (centre - half),
                    100 * (centre + half),
                    one.path("loss").asDouble());
        }
        text.append('\n');
    }
}
