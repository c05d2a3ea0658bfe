package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.ClosedForm;
import dev.limbeck.Golden;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.OneCycle;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compare six steps of distillation with PyTorch's, from the same weights on the same batches. */
class TrajectoryTest {
    private static final JsonNode GOLDEN = Golden.read("trajectory.json");

    /**
     * Rounding differences grow from step to step: PyTorch itself varies by 2 % between thread counts or in float64.
     * The first step of AdamW takes the sign of each gradient, however small, so the second loss already differs if 1×1
     * convolutions are computed as matrix products (1.7e-4; see Convolution).
     */
    @ParameterizedTest
    @CsvSource({"adamw, 6", "sgd, 3"})
    void followsPyTorchInFloat32(String name, int steps) {
        double[] tolerances = {1e-4, 3e-4, 1e-2, 1e-2, 1e-2, 2e-2};
        follow(name, new Size(DType.FLOAT32, 16, 64), run(GOLDEN, name), Arrays.copyOf(tolerances, steps));
    }

    @ParameterizedTest
    @ValueSource(strings = {"adamw", "sgd"})
    void followsPyTorchInFloat64(String name) {
        double[] tolerances = new double[6];
        Arrays.fill(tolerances, 1e-6);
        follow(name, new Size(DType.FLOAT64, 8, 32), run(Golden.read("trajectory-float64.json"), name), tolerances);
    }

    private static void follow(String name, Size size, JsonNode run, double[] tolerances) {
        Optimizer optimizer = name.equals("adamw") ? new AdamW(0.9, 0.999, 1e-8, 0.01, true) : Sgd.defaults();
        double rate = name.equals("adamw") ? 2e-4 : 0.002;
        GivenBatches data = new GivenBatches(6, size.rows, 4, size::images, size::labels, false);
        try (Module teacher = Zoo.RESNET34.create(4);
                Module student = Zoo.RESNET18.create(4);
                Learner learner = Learner.builder(data, student)
                        .optimizer(optimizer)
                        .precision("fp32")
                        .build()) {
            ClosedForm.fill(student, 0);
            ClosedForm.fill(teacher, 1);
            student.to(size.type);
            teacher.to(size.type);
            fillStatistics(teacher, size);
            List<double[]> seen = new ArrayList<>();
            learner.fit(1, rate, distillation(teacher), new Callback() {
                @Override
                public int order() {
                    return 1;
                }

                @Override
                public void afterLoss(TrainStep step) {
                    seen.add(new double[] {
                        step.term(TrainStep.TASK).item_double(),
                        step.term("SoftTarget").item_double(),
                        step.total().item_double()
                    });
                }
            });
            assertThat(seen).hasSize(6);
            for (int i = 0; i < tolerances.length; i++) {
                JsonNode golden = run.get("steps").get(i);
                String[] terms = {"ce", "kd", "loss"};
                for (int t = 0; t < terms.length; t++) {
                    double expected = golden.get(terms[t]).asDouble();
                    assertThat(seen.get(i)[t])
                            .as("%s, step %d, %s", name, i, terms[t])
                            .isEqualTo(expected, within(tolerances[i] * expected));
                }
            }
        }
    }

    @Test
    void oneCycleHasFastaisValues() {
        JsonNode golden = GOLDEN.get("one_cycle");
        OneCycle schedule = new OneCycle(golden.get("lr_max").asDouble());
        for (JsonNode row : golden.get("values")) {
            double position = row.get("step").asInt() / 20.0;
            assertThat(schedule.rate(position)).isEqualTo(row.get("lr").asDouble(), within(1e-12));
            assertThat(schedule.momentum(position))
                    .isEqualTo(row.get("momentum").asDouble(), within(1e-9));
        }
    }

    private static Callback distillation(Module teacher) {
        return KnowledgeDistillation.from(teacher)
                .weight(0.5)
                .loss(new SoftTarget(4))
                .build();
    }

    private static JsonNode run(JsonNode golden, String optimizer) {
        for (JsonNode run : golden.get("runs")) {
            if (run.get("optimizer").asText().equals(optimizer)) return run;
        }
        throw new AssertionError("no golden run for " + optimizer);
    }

    private static void fillStatistics(Module teacher, Size size) {
        teacher.train();
        try (NoGrad noGrad = NoGrad.on()) {
            for (int i = 100; i < 120; i++) {
                try (Scope scope = Scope.open()) {
                    teacher.apply(size.images(i));
                }
            }
        }
    }

    /** Hold the data type and size of the batches of a golden run. */
    private record Size(DType type, int rows, int side) {
        Tensor images(int step) {
            return Tensors.to(ClosedForm.images(step, rows, 3, side, side), type);
        }

        long[] labels(int step) {
            return IntStream.range(0, rows)
                    .mapToLong(row -> (3L * row + step) % 4)
                    .toArray();
        }
    }
}
