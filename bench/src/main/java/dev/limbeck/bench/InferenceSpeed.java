package dev.limbeck.bench;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Time the inference of a network on batches of images: unchanged, folded, and folded in bfloat16. Prints a JSON line
 * for each.
 */
public final class InferenceSpeed {
    private static final int CLASSES = 2;
    private static final int WARM_UP = 10;
    private static final int TIMES = 20;
    /** Calls for a single image: as many again come before, in which the JVM compiles what they take. */
    private static final int TIMES_SINGLE = 100;

    private InferenceSpeed() {}

    /** Run the benchmark; options are {@code --arch --size --batches}. */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("arch", "resnet18", "size", "64", "batches", "1,64"), arguments);
        try (Module network = Zoo.byName(options.text("arch")).create(CLASSES)) {
            network.eval();
            try (Script script = ScriptWriter.compile(network);
                    InferenceGraph folded = script.forInference(Precision.FP32);
                    InferenceGraph half = script.forInference(Precision.BF16)) {
                Map<String, UnaryOperator<Tensor>> ways = new LinkedHashMap<>();
                ways.put("module", network::predict);
                ways.put("folded fp32", folded::forward);
                // Without instructions for it, bfloat16 is emulated.
                if (Precision.nativeBf16()) ways.put("folded bf16", half::forward);
                for (String batch : options.list("batches")) {
                    int rows = Integer.parseInt(batch);
                    // Use the threads as a predictor does for one image, and a teacher for many.
                    try (@Nullable BlasThreads work = BlasThreads.about(rows)) {
                        ways.forEach((name, way) -> System.out.printf(
                                Locale.ROOT,
                                "{\"who\": \"%s\", \"batch\": %d, \"ms\": %.3f}%n",
                                name,
                                rows,
                                1e3 * seconds(way, rows, options.number("size"))));
                    }
                }
            }
        }
    }

    private static double seconds(UnaryOperator<Tensor> way, int rows, int size) {
        List<Double> times = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            Tensor images = Tensors.channelsLast(Tensors.randn(rows, 3, size, size));
            int before = rows == 1 ? TIMES_SINGLE : WARM_UP;
            int counted = rows == 1 ? TIMES_SINGLE : TIMES;
            for (int i = 0; i < before + counted; i++) {
                long start = System.nanoTime();
                try (Scope one = Scope.open()) {
                    way.apply(images);
                }
                if (i >= before) times.add((System.nanoTime() - start) / 1e9);
            }
        }
        return Medians.of(times);
    }
}
