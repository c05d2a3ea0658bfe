package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test teachers that are not Limbeck's modules. */
class OtherTeachersTest {
    @TempDir
    Path home;

    private final GivenBatches data = Toy.data(3, 6);
    private final Learner big =
            Learner.builder(data, TinyNet.ARCHITECTURE).seed(1).build();
    private final Learner other =
            Learner.builder(data, TinyNet.ARCHITECTURE).seed(5).build();

    @AfterEach
    void close() {
        big.close();
        other.close();
    }

    private float[] taughtBy(Teacher teacher) {
        try (Learner student = Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(2)
                .precision("fp32")
                .build()) {
            student.fit(2, 0.01, KnowledgeDistillation.from(teacher).weight(0.8).build());
            return Tensors.toFloats(student.model().parameters().get("fc.weight"));
        }
    }

    private float[] answers(Teacher teacher, Tensor input) {
        try (TeacherSession lesson = teacher.open(data, Engine.device("cpu"))) {
            return Tensors.toFloats(lesson.logits(Batch.of(input)));
        }
    }

    @Test
    void aTorchScriptFileTeachesAsTheModuleDoes() {
        Path file = home.resolve("teacher.pt");
        try (Script script = ScriptWriter.compile(big.model())) {
            script.save(file, Map.of());
        }
        try (FileTeacher teacher = FileTeacher.open(file).withClassNames(data.classNames())) {
            assertThat(teacher.name()).isEqualTo("teacher.pt");
            try (Scope scope = Scope.open()) {
                Tensor x = Toy.images(4, 6, 1);
                assertThat(answers(teacher, x))
                        .containsExactly(
                                answers(ModuleTeacher.of(big).withOwnPrecision(Precision.FP32), x), within(1e-5f));
            }
            assertThat(taughtBy(teacher)).isNotEmpty();
        }
    }

    @Test
    void whatIsNoTorchScriptIsRefused() throws IOException {
        Path text = Files.writeString(home.resolve("text.pt"), "no script");
        assertThatThrownBy(() -> FileTeacher.open(text).close())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(
                        text
                                + " is not a TorchScript file; if it contains only weights (a state dict), name its architecture");
    }

    @Test
    void aFunctionTeachesAsTheModuleDoes() {
        FunctionTeacher teacher = new FunctionTeacher("service", data.classNames(), inputs -> {
            try (Scope scope = Scope.open()) {
                return Tensors.toFloats(big.model().predict(Tensors.of(inputs.values(), inputs.shape())));
            }
        });
        // The module's batch norm is folded, which changes rounding.
        assertThat(taughtBy(teacher)).containsExactly(taughtBy(ModuleTeacher.of(big)), within(1e-5f));
    }

    /** As with a file without class names. */
    @Test
    void aFunctionNeedsNoClassNames() {
        assertThat(taughtBy(new FunctionTeacher("unnamed", List.of(), inputs -> new float[inputs.rows() * 3])))
                .containsExactly(taughtBy(
                        new FunctionTeacher("named", data.classNames(), inputs -> new float[inputs.rows() * 3])));
        assertThatThrownBy(() -> taughtBy(new FunctionTeacher("empty", List.of(), inputs -> new float[0])))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("teacher empty must return 6×classes numbers, found 0");
        assertThatThrownBy(() -> taughtBy(new FunctionTeacher("odd", List.of(), inputs -> new float[7])))
                .hasMessage("teacher odd must return 6×classes numbers, found 7");
    }

    @Test
    void aFunctionThatAnswersWronglyIsRefusedBeforeTheFirstStep() {
        assertThatThrownBy(() ->
                        taughtBy(new FunctionTeacher("short", data.classNames(), inputs -> new float[inputs.rows()])))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("teacher short must return 6×3 numbers, found 6");
        assertThatThrownBy(() -> taughtBy(new FunctionTeacher("broken", data.classNames(), inputs -> {
                    float[] answer = new float[inputs.rows() * 3];
                    answer[4] = Float.NaN;
                    return answer;
                })))
                .hasMessage("teacher broken must return finite numbers, found 1 of 18 NaN or infinite; check its "
                        + "weights and its preprocessing");
    }

    @Test
    void anEnsembleIsTheMeanOfLogitsOrOfProbabilities() {
        Teacher one = ModuleTeacher.of(big);
        Teacher two = ModuleTeacher.of(other);
        try (Scope scope = Scope.open()) {
            Tensor x = Toy.images(4, 6, 1);
            float[] a = answers(one, x);
            float[] b = answers(two, x);
            float[] mean = answers(EnsembleTeacher.of(one, two), x);
            float[] weighted = answers(EnsembleTeacher.of(one, two).withWeights(3, 1), x);
            float[] joined = answers(
                    EnsembleTeacher.of(one, two)
                            .withWeights(3, 1)
                            .withCombination(EnsembleTeacher.Combination.PROBABILITIES),
                    x);
            for (int i = 0; i < a.length; i++) {
                assertThat(mean[i]).isEqualTo((a[i] + b[i]) / 2, within(1e-5f));
                assertThat(weighted[i]).isEqualTo(0.75f * a[i] + 0.25f * b[i], within(1e-5f));
            }
            for (int row = 0; row < 6; row++) {
                for (int c = 0; c < 3; c++) {
                    double expected = Math.log(0.75 * share(a, row, c) + 0.25 * share(b, row, c));
                    assertThat((double) joined[row * 3 + c]).isEqualTo(expected, within(1e-5));
                }
            }
        }
        // A member of an ensemble uses its own precision; a single teacher uses the student's.
        assertThat(taughtBy(EnsembleTeacher.of(one))).containsExactly(taughtBy(one), within(1e-3f));
        assertThat(big.model().hookCount()).isZero();
    }

    private static double share(float[] logits, int row, int c) {
        double sum = 0;
        for (int k = 0; k < 3; k++) sum += Math.exp(logits[row * 3 + k]);
        return Math.exp(logits[row * 3 + c]) / sum;
    }

    @Test
    void ensemblesOfWhatDoesNotGoTogetherAreRefused() {
        Teacher one = ModuleTeacher.of(big);
        GivenBatches renamed = Toy.data(1, 6).named("class1", "class0", "class2");
        try (Learner stranger = Learner.create(renamed, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> EnsembleTeacher.of(one, ModuleTeacher.of(stranger)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the teachers of an ensemble must have the same classes in the same order, found "
                            + "[class0, class1, class2] and [class1, class0, class2]");
        }
        assertThatThrownBy(() -> EnsembleTeacher.of(one).withWeights(1, 2))
                .hasMessage("set one weight for each of 1 teachers, found 2");
        assertThatThrownBy(() -> EnsembleTeacher.of(one).withWeights(0))
                .hasMessage("weight must be a positive number, found 0.0");
        assertThatThrownBy(EnsembleTeacher::of).hasMessage("an ensemble needs at least one teacher");
    }
}
