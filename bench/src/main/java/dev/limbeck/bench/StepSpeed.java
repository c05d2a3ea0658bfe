package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.DistillationBuilder;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Time one training step on a random batch with AdamW. The student trains alone ({@code plain}), or with KL at T = 4
 * and weight 0.5 from a live teacher ({@code kd-eager}) or from known outputs ({@code kd-cached}), in float32. {@code
 * plain-bf16}, {@code kd-bf16} and {@code kd-bf16-cached} are the same in bfloat16, which is the default if the
 * processor supports it. The networks are ResNet-18 and ResNet-34, or other ones of {@code --student --teacher}. Rows that
 * start with {@code text-}, such as {@code text-plain}, train a text encoder of three layers, with one of six layers as
 * teacher, on sentences of {@code --tokens} tokens. Prints a JSON line per row with the median, and finally one with the
 * process's peak resident memory.
 */
public final class StepSpeed {
    private static final int CLASSES = 2;
    private static final int WARM_UP = 3;
    private static final String TEXT = "text-";

    private StepSpeed() {}

    /** Run the benchmark; options are {@code --rows --steps --batch --size --tokens --channels-last --student --teacher}. */
    public static void main(String... arguments) {
        Options options = Options.of(
                Map.of(
                        "rows", "plain,kd-eager",
                        "steps", "10",
                        "batch", "64",
                        "size", "64",
                        "tokens", "32",
                        "channels-last", "true",
                        "student", "",
                        "teacher", ""),
                arguments);
        for (String row : options.list("rows")) {
            double seconds = measure(row, options);
            System.out.printf(
                    Locale.ROOT,
                    "{\"row\": \"%s\", \"ms_per_step\": %.1f, \"rows_per_s\": %.1f}%n",
                    row,
                    seconds * 1e3,
                    options.number("batch") / seconds);
        }
        System.out.printf(
                Locale.ROOT, "{\"row\": \"peak\", \"resident_mib\": %.0f}%n", Engine.peakResidentBytes() / 1048576.0);
    }

    private static double measure(String row, Options options) {
        boolean text = row.startsWith(TEXT);
        String kind = text ? row.substring(TEXT.length()) : row;
        StepTimes times = new StepTimes(WARM_UP);
        try (RepeatedBatch data = text ? sentences(options) : images(options);
                Module teacher = Zoo.byName(options.text("teacher", text ? "bert-L6-H384-A12" : "resnet34"))
                        .create(CLASSES, data.inputs());
                Learner student = Learner.builder(
                                data, Zoo.byName(options.text("student", text ? "bert-L3-H384-A12" : "resnet18")))
                        .device("cpu")
                        .precision(kind.contains("bf16") ? "bf16" : "fp32")
                        .build();
                KnownAnswers known = new KnownAnswers(options.number("batch"), CLASSES)) {
            List<Callback> callbacks = new ArrayList<>(List.of(times));
            switch (kind) {
                case "plain", "plain-bf16" -> {}
                case "kd-eager", "kd-bf16" -> callbacks.add(taught(KnowledgeDistillation.from(teacher)));
                case "kd-cached", "kd-bf16-cached" -> callbacks.add(taught(KnowledgeDistillation.from(known)));
                default ->
                    throw new LimbeckException("rows are plain, kd-eager, kd-cached, plain-bf16, kd-bf16 and "
                            + "kd-bf16-cached, or these after text-, found '" + row + "'");
            }
            student.fit(1, 1e-3, callbacks.toArray(Callback[]::new));
        }
        return times.median();
    }

    private static RepeatedBatch images(Options options) {
        int size = options.number("size");
        Tensor images = Tensors.randn(options.number("batch"), 3, size, size);
        // The image pipeline returns channels-last batches.
        if (options.flag("channels-last")) images = Tensors.channelsLast(images);
        return new RepeatedBatch(images, CLASSES, options.number("steps") + WARM_UP);
    }

    private static RepeatedBatch sentences(Options options) {
        return RepeatedBatch.sentences(
                options.number("batch"), options.number("tokens"), CLASSES, options.number("steps") + WARM_UP);
    }

    private static Callback taught(DistillationBuilder by) {
        return by.weight(0.5).loss(new SoftTarget(4)).build();
    }
}
