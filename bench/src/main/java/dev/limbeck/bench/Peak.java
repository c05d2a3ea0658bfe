package dev.limbeck.bench;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Measure the processor's peak, the best time of large matrix products in float32 and bfloat16. Then measure the
 * fraction of it that the teacher's forward pass (ResNet-34, folded) and the student's step (ResNet-18, counted as
 * three forward passes) reach on 64 images of 64×64. About a minute.
 */
public final class Peak {
    private static final int CLASSES = 2;
    private static final int BATCH = 64;
    private static final int SIDE = 64;
    private static final int MATRIX = 2048;
    private static final int TIMES = 15;
    private static final int STEPS = 10;

    private Peak() {}

    /** Run the benchmark; it has no options. */
    public static void main(String... arguments) {
        Options.of(Map.of(), arguments);
        try (BlasThreads work = BlasThreads.begin()) {
            for (Precision precision : Precision.values()) {
                double peak = product(precision == Precision.BF16 ? DType.BFLOAT16 : DType.FLOAT32);
                double teacher = teacher(precision);
                double student = student(precision);
                System.out.printf(
                        Locale.ROOT,
                        "{\"precision\": \"%s\", \"gemm_gflops\": %.0f, \"teacher_gflops\": %.0f, \"teacher_share\": %.2f, "
                                + "\"step_gflops\": %.0f, \"step_share\": %.2f}%n",
                        precision,
                        peak / 1e9,
                        teacher / 1e9,
                        teacher / peak,
                        student / 1e9,
                        student / peak);
            }
        }
    }

    /** Return the best FLOP/s of a product of square matrices, computed as a 1×1 convolution. */
    private static double product(DType type) {
        double best = Double.MAX_VALUE;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor rows = Tensors.to(Tensors.channelsLast(Tensors.randn(2, MATRIX, 32, MATRIX / 64)), type);
            Tensor weight = Tensors.to(Tensors.randn(MATRIX, MATRIX, 1, 1), type);
            for (int i = 0; i < TIMES; i++) {
                long start = System.nanoTime();
                try (Scope one = Scope.open()) {
                    LayerOps.conv2d(rows, weight, null, 1, 0, 1, 1);
                }
                best = Math.min(best, (System.nanoTime() - start) / 1e9);
            }
        }
        return 2.0 * MATRIX * MATRIX * MATRIX / best;
    }

    private static double flops(Module network) {
        return 2.0
                * BATCH
                * Summary.of(network, List.of(InputSpec.floats(3, SIDE, SIDE))).macs();
    }

    private static double teacher(Precision precision) {
        try (Module network = Zoo.byName("resnet34").create(CLASSES)) {
            network.eval();
            double flops = flops(network);
            try (Script script = ScriptWriter.compile(network);
                    InferenceGraph graph = script.forInference(precision);
                    Scope scope = Scope.open()) {
                Tensor images = Tensors.channelsLast(Tensors.randn(BATCH, 3, SIDE, SIDE));
                List<Double> times = new ArrayList<>();
                for (int i = 0; i < TIMES; i++) {
                    long start = System.nanoTime();
                    try (Scope one = Scope.open()) {
                        graph.forward(images);
                    }
                    if (i >= 5) times.add((System.nanoTime() - start) / 1e9);
                }
                return flops / Medians.of(times);
            }
        }
    }

    private static double student(Precision precision) {
        StepTimes times = new StepTimes(3);
        Tensor images = Tensors.channelsLast(Tensors.randn(BATCH, 3, SIDE, SIDE));
        try (RepeatedBatch data = new RepeatedBatch(images, CLASSES, STEPS + 3);
                Learner learner = Learner.builder(data, Zoo.byName("resnet18"))
                        .device("cpu")
                        .precision(precision.toString())
                        .build()) {
            double flops = flops(learner.model());
            learner.fit(1, 1e-3, times);
            return 3 * flops / times.median();
        }
    }
}
