package dev.limbeck.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.Version;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.train.Metric;
import dev.limbeck.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Write the model card of an export in Markdown. */
final class ModelCard {
    private static final String ACCURACY = "accuracy";
    private static final ObjectMapper JSON = new ObjectMapper();
    /** The 97.5 % quantile of the normal distribution. */
    private static final double UPPER = 1.959964;

    private ModelCard() {}

    /**
     * Return the card.
     *
     * @param data of the verification; null for none
     * @param split of that data
     * @param calibration where the ranges of int8 come from
     * @param rows requested number of rows for the verification
     */
    static String of(
            ExportModel model,
            OnnxFile.Options options,
            List<Exporter.Exported> files,
            @Nullable Data data,
            Split split,
            String calibration,
            int rows)
            throws IOException {
        StringBuilder text = new StringBuilder();
        @Nullable
        RunRecord run =
                model.file() == null ? null : RunRecord.beside(model.file()).orElse(null);
        // A record of other weights would describe another model. A backbone, or a network without ranges, is a part of
        // the file.
        boolean ofOthers = run != null
                && !run.modelSha256().equals(model.sha256())
                && !run.modelSha256().equals(sha256(Objects.requireNonNull(model.file())));
        if (ofOthers) run = null;
        boolean onnx = files.stream().anyMatch(file -> file.format() == Format.ONNX);
        Task.Kind task = model.task().kind();
        line(
                text,
                "# %s, %d %s\n",
                Printable.markdown(model.name()),
                model.classes(),
                switch (task) {
                    case SINGLE_LABEL -> "classes";
                    case MULTI_LABEL -> "labels";
                    case REGRESSION -> "targets";
                    case EMBEDDING -> "numbers of an embedding";
                });
        String size =
                model.parameters() == 0 ? "" : String.format(Locale.ROOT, " of %,d parameters", model.parameters());
        line(
                text,
                "A %s%s for %s data, exported by Limbeck %s.\n",
                switch (task) {
                    case SINGLE_LABEL -> "classifier";
                    case MULTI_LABEL -> "classifier with several labels";
                    case REGRESSION -> "regression model";
                    case EMBEDDING -> "backbone without a classifier";
                },
                size,
                Printable.markdown(model.preprocessing().kind()),
                Version.number());
        input(text, model, options, onnx);
        files(text, files);
        if (data != null) line(text, "Verified on %s.\n", Printable.markdown(described(data, split, "")));
        if (onnx)
            line(
                    text,
                    "The ONNX file is of opset %d, with %s%s.\n",
                    OnnxFile.OPSET,
                    held(options.precision(), Printable.markdown(calibration)),
                    options.foldBatchNorms() ? ", batch norms merged into the convolutions before them" : "");
        if (run == null) {
            line(text, "## Training\n");
            line(
                    text,
                    "Not known: %s.\n",
                    ofOthers
                            ? "the run.json beside the weights is of others"
                            : "there is no run.json beside the weights");
        } else {
            boolean isPart = task == Task.Kind.EMBEDDING && trained(run) != Task.Kind.EMBEDDING;
            training(text, run);
            repeat(text, run, options, files, isPart, data, rows);
            results(
                    text,
                    run,
                    isPart ? Task.of(Map.of(Task.KEY, trained(run).key()), List.of()) : model.task(),
                    isPart);
        }
        line(text, "## License\n");
        line(text, "- of the model: *to be filled in*\n- of the training data: *to be filled in*");
        line(text, "- of the teacher: *to be filled in*\n");
        line(
                text,
                "SHA-256 of %s: `%s`",
                model.state() == null ? "the TorchScript file" : "weights and buffers",
                model.sha256());
        return text.toString();
    }

    /** Describe rows of a split; empty without data. */
    static String described(@Nullable Data data, Split split, String before) {
        return data == null ? "" : before + "rows of the " + split.label() + " split of " + data.origin();
    }

    /** Return what the network of a run was trained for, with its classifier. */
    private static Task.Kind trained(RunRecord run) {
        return Task.Kind.of(run.data().path(Task.KEY).asText(Task.Kind.SINGLE_LABEL.key()));
    }

    private static String held(Precision precision, String calibration) {
        return switch (precision) {
            case FP32 -> "weights as float32";
            case FP16 -> "weights as float16";
            case INT8 -> "weights as int8, convolutions computed in int8 with ranges from " + calibration;
        };
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static void input(StringBuilder text, ExportModel model, OnnxFile.Options options, boolean onnx) {
        line(text, "## Input and output\n");
        line(
                text,
                "%s, prepared as `%s`.",
                model.inputs().stream().map(InputSpec::words).collect(Collectors.joining(", ")),
                Printable.markdownCode(model.preprocessing().describe()));
        if (onnx && options.normalizes()) {
            line(text, "The ONNX file takes pixels from 0 to 255 instead and normalizes them itself.");
        }
        boolean numbers = model.task().kind() == Task.Kind.REGRESSION;
        if (onnx) {
            String output = options.softmax()
                    ? OnnxFile.PROBABILITIES
                    : numbers
                            ? OnnxFile.NUMBERS + " in the targets' units"
                            : OnnxFile.output(model.task().kind());
            line(text, "The ONNX file gives %s.", output);
        }
        if (!model.classNames().isEmpty()) {
            line(
                    text,
                    "\n%s in order: %s.",
                    numbers ? "Targets" : "Classes",
                    model.classNames().stream().map(Printable::markdown).collect(Collectors.joining(", ")));
        }
        text.append('\n');
    }

    private static void files(StringBuilder text, List<Exporter.Exported> files) {
        line(text, "## Files\n");
        line(text, "| file | bytes | SHA-256 | verified on | largest difference | same prediction | metric |");
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
                                    "%,d rows | %.1e of %.1f | %s | %s %s (model %s)",
                                    verification.rows(),
                                    verification.largestDifference(),
                                    verification.largestOutput(),
                                    Metric.text(Metric.accuracy().name(), verification.agreement()),
                                    verification.metric().replace('_', ' '),
                                    Metric.text(verification.metric(), verification.value()),
                                    Metric.text(verification.metric(), verification.modelValue())));
        }
        text.append('\n');
    }

    private static void training(StringBuilder text, RunRecord run) {
        line(text, "## Training\n");
        line(
                text,
                "Data: %s, %s training rows (fingerprint `%s`).",
                shown(run.data().path("source")),
                shown(run.data().at("/sizes/train")),
                Printable.markdownCode(run.dataFingerprint()));
        JsonNode distillation = run.distillation();
        if (distillation != null) {
            line(
                    text,
                    "Teacher: %s (`%s`), weight %s, by %s.",
                    shown(distillation.path("teacher")),
                    Printable.markdownCode(run.teacherSha256()),
                    shown(distillation.path("kd_weight")),
                    distillation.path("losses").properties().stream()
                            .map(loss -> Printable.markdown(
                                    loss.getValue().path("loss").asText(loss.getKey())))
                            .collect(Collectors.joining(", ")));
        }
        line(
                text,
                "%s steps with Limbeck %s on LibTorch %s, %s (%s), %s threads; done %s.\n",
                run.training().steps(),
                Printable.markdown(run.limbeck()),
                Printable.markdown(run.engine().libtorch()),
                Printable.markdown(run.training().device()),
                Printable.markdown(run.engine().cpuCapability()),
                run.engine().threads(),
                Printable.markdown(run.finished()));
    }

    /** A record may come from anywhere, and so may the names in it. */
    private static String shown(JsonNode value) {
        return Printable.markdown(value.asText());
    }

    private static void repeat(
            StringBuilder text,
            RunRecord run,
            OnnxFile.Options options,
            List<Exporter.Exported> files,
            boolean isPart,
            @Nullable Data data,
            int rows) {
        if (run.recipe().isEmpty()) return;
        line(text, "To repeat it, save this as recipe.yaml:\n");
        line(
                text,
                "```json\n%s\n```\n",
                Printable.json(run.recipe().toPrettyString()).replace("`", "\\u0060"));
        line(text, "```sh\nlimbeck %s recipe.yaml --out run", run.distillation() == null ? "train" : "distill");
        // Without others, the command takes the data of the run.
        String others = data == null || data.fingerprint().equals(run.dataFingerprint()) ? "" : data.origin();
        String formats = files.stream().map(file -> file.format().toString()).collect(Collectors.joining(","));
        line(
                text,
                "limbeck export --model run --out export --format %s%s%s%s%s%s%s%s\n```\n",
                formats,
                isPart ? " --embedding" : "",
                others.isEmpty() ? "" : " --data DATA",
                options.precision() == Precision.FP32 ? "" : " --precision " + options.precision(),
                options.normalizes() ? " --normalize" : "",
                options.softmax() ? " --softmax" : "",
                options.foldBatchNorms() ? "" : " --no-fold",
                files.stream().allMatch(file -> file.verification() == null)
                        ? " --no-verify"
                        : rows == Exporter.DEFAULT_ROWS ? "" : " --samples " + rows);
        if (!others.isEmpty()) line(text, "DATA is %s.\n", Printable.markdown(others));
    }

    private static void results(StringBuilder text, RunRecord run, Task task, boolean isPart) {
        line(text, "## Results\n");
        if (isPart) line(text, "Of the whole network, with the classifier that is not in these files.\n");
        if (Stream.of(Split.values()).anyMatch(split -> selected(run, split))) {
            line(text, "The rows of the valid split selected the epoch, so their numbers are optimistic.\n");
        }
        boolean accuracies = Stream.of(Split.VALID, Split.TEST)
                .map(run.results()::of)
                .anyMatch(result -> result != null && result.metrics().containsKey(ACCURACY));
        if (accuracies) accuracies(text, run);
        else metrics(text, run, task);
        text.append('\n');
    }

    /** Return whether a run has results on a split whose rows selected the epoch that was saved. */
    private static boolean selected(RunRecord run, Split split) {
        return split == Split.VALID
                && run.results().last() != null
                && run.results().of(split) != null;
    }

    private static void metrics(StringBuilder text, RunRecord run, Task task) {
        if (task.kind() == Task.Kind.EMBEDDING) {
            line(text, "None against labels, because it was trained without.");
            return;
        }
        line(text, "| split | rows | metrics | loss |\n|---|---|---|---|");
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = run.results().of(split);
            if (result == null) continue;
            String metrics = Metric.of(task).stream()
                    .map(Metric::name)
                    .map(name -> name.replace('_', ' ') + " " + Metric.text(name, result.metric(name)))
                    .collect(Collectors.joining(", "));
            line(text, "| %s | %,d | %s | %.4f |", split.label(), result.rows(), metrics, result.loss());
        }
    }

    private static void accuracies(StringBuilder text, RunRecord run) {
        line(text, "Intervals hold for other rows of the same kind (Wilson, 95 %%), not for another training.\n");
        line(text, "| split | rows | accuracy | 95 %% interval | loss |\n|---|---|---|---|---|");
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = run.results().of(split);
            if (result == null || !result.metrics().containsKey(ACCURACY)) continue;
            double share = result.metric(ACCURACY);
            double rows = result.rows();
            double center = (share + UPPER * UPPER / (2 * rows)) / (1 + UPPER * UPPER / rows);
            double half = UPPER
                    * Math.sqrt(share * (1 - share) / rows + UPPER * UPPER / (4 * rows * rows))
                    / (1 + UPPER * UPPER / rows);
            // An interval is for rows that nothing was chosen by.
            String interval = selected(run, split)
                    ? "–"
                    : String.format(Locale.ROOT, "%.2f to %.2f %%", 100 * (center - half), 100 * (center + half));
            line(
                    text,
                    "| %s | %,.0f | %.2f %% | %s | %.4f |",
                    split.label(),
                    rows,
                    100 * share,
                    interval,
                    result.loss());
        }
    }

    private static String sha256(Path file) {
        if (!file.toString().endsWith(".safetensors")) return "";
        try (StateDict state = Safetensors.read(file)) {
            return state.sha256();
        }
    }
}
