package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.ScriptFiles;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.MultiLabel;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Test that the kind of a teacher's outputs is detected from their values and reported, and never converted silently.
 */
class TeacherOutputTest {
    private static final Device CPU = Engine.device("cpu");
    private static final String LOGITS = "z = 10.0 * torch.mean(x, [2, 3])\n";

    @TempDir
    Path home;

    private final GivenBatches data = Toy.data(2, 24);

    private FileTeacher teacher(String output) {
        return teacher(output, ModelRole.TEACHER, line -> {});
    }

    private FileTeacher teacher(String output, ModelRole role, Consumer<String> log) {
        Path file = home.resolve("teacher.pt");
        ScriptFiles.write(file, LOGITS + output, Map.of());
        return FileTeacher.open(file, role, log);
    }

    private float[] answers(Teacher teacher) {
        try (Scope scope = Scope.open();
                TeacherSession lesson = teacher.open(data, CPU)) {
            return Tensors.toFloats(lesson.logits(Batch.of(Toy.images(3, 6, 1))));
        }
    }

    private static float[] logits() {
        try (Scope scope = Scope.open()) {
            float[] values = Tensors.toFloats(Toy.images(3, 6, 1));
            float[] means = new float[values.length / 64];
            for (int i = 0; i < values.length; i++) means[i / 64] += 10 * values[i] / 64;
            return means;
        }
    }

    private void refused(FileTeacher teacher, String message) {
        assertThatThrownBy(() -> answers(teacher))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("teacher teacher.pt ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    /** Without a declared kind, clear outputs are used; others are rejected with advice. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return torch.sigmoid(z)                        | like sigmoids; set the kind: --teacher-output sigmoid or --teacher-output logits",
                "return torch.sigmoid(z).half().float()         | like sigmoids; set the kind: --teacher-output sigmoid or --teacher-output logits",
                "return 100.0 * torch.softmax(z, 1)             | set the kind: --teacher-output percent",
                "return torch.sigmoid(z[:, 0:1])                | from 0 to 1 like a sigmoid; set its kind: --teacher-output sigmoid",
                "return torch.sigmoid(z[:, 0])                  | returns one number per row, from 0 to 1",
                "return z[:, 0:1]                               | not always from 0 to 1; set its kind: --teacher-output logits",
                "return torch.argmax(z, 1)                      | returns integers (int64)",
                "return torch.argmax(z, 1).float()              | returns one integer per row",
                "return (z == torch.amax(z, [1], True)).float() | returns 1 for one class and 0 for all others",
                "return torch.softmax(z, 1) * (z == torch.amax(z, [1], True)).float() | --teacher-output top_classes",
                "return z.t()                                   | its output is transposed",
                "return z / 0.0 * 0.0                           | found 72 of 72 NaN or infinite",
            })
    void whatIsNotClearIsRefused(String output, String message) {
        try (FileTeacher teacher = teacher(output)) {
            refused(teacher, message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return z                                      | LOGITS",
                "return torch.softmax(z, 1)                    | PROBABILITIES",
                "return torch.softmax(z, 1).half().float()     | PROBABILITIES",
                "return torch.softmax(z, 1).to(15).float()     | PROBABILITIES",
                "return torch.log_softmax(z, 1)                | PROBABILITIES",
                "return z.unsqueeze(2).unsqueeze(3)            | LOGITS",
            })
    void whatIsClearIsUsed(String output, OutputKind knowledge) {
        try (FileTeacher teacher = teacher(output)) {
            try (TeacherSession lesson = teacher.open(data, CPU)) {
                assertThat(lesson.facts().kind()).isEqualTo(knowledge);
            }
            sameUpToARowsConstant(answers(teacher), logits(), 0.03f);
        }
    }

    private static void sameUpToARowsConstant(float[] found, float[] expected, float tolerance) {
        assertThat(found).hasSameSizeAs(expected);
        for (int row = 0; row < found.length; row += 3) {
            float shift = found[row] - expected[row];
            for (int c = row; c < row + 3; c++) {
                assertThat(found[c] - expected[c]).isCloseTo(shift, within(tolerance));
            }
        }
    }

    @Test
    void sigmoidsBecomeTheLogitsThatTheyWereMadeOf() {
        try (FileTeacher teacher = teacher("return torch.sigmoid(z)").withOutput(TeacherOutput.SIGMOID)) {
            assertThat(answers(teacher)).containsExactly(logits(), within(2e-3f));
        }
        try (FileTeacher teacher = teacher("return torch.sigmoid(z * 1000.0)").withOutput(TeacherOutput.SIGMOID)) {
            // log(1e-7 / (1 - 1e-7)): finite where the sigmoid is rounded to 0 or 1.
            for (float logit : answers(teacher)) assertThat(Math.abs(logit)).isLessThan(16.2f);
        }
    }

    @Test
    void aSingleOutputBecomesTwoClasses() {
        float[] expected = logits();
        for (String output : List.of("torch.sigmoid(z[:, 0:1])", "torch.sigmoid(z[:, 0])")) {
            try (FileTeacher teacher = teacher("return " + output)
                    .withOutput(TeacherOutput.SIGMOID)
                    .withClassNames(List.of("no", "yes"))) {
                float[] found = answers(teacher);
                assertThat(found).hasSize(12);
                for (int row = 0; row < 6; row++) {
                    double p = 1 / (1 + Math.exp(-expected[3 * row]));
                    double of =
                            Math.exp(found[2 * row + 1]) / (Math.exp(found[2 * row]) + Math.exp(found[2 * row + 1]));
                    assertThat(of).as("the second class").isCloseTo(p, within(1e-5));
                }
            }
        }
        try (FileTeacher teacher = teacher("return z[:, 0:1]").withOutput(TeacherOutput.LOGITS)) {
            float[] found = answers(teacher);
            for (int row = 0; row < 6; row++) {
                assertThat(found[2 * row]).isZero();
                assertThat(found[2 * row + 1]).isCloseTo(expected[3 * row], within(1e-4f));
            }
        }
        try (FileTeacher teacher = teacher("return torch.sigmoid(z[:, 0:1])").withOutput(TeacherOutput.PROBABILITIES)) {
            refused(teacher, "--teacher-output sigmoid");
        }
    }

    @Test
    void percentAndLogarithmsAreUsedWhenNamed() {
        try (FileTeacher teacher = teacher("return 100.0 * torch.softmax(z, 1)").withOutput(TeacherOutput.PERCENT)) {
            sameUpToARowsConstant(answers(teacher), logits(), 1e-3f);
        }
        try (FileTeacher teacher =
                teacher("return torch.log_softmax(z, 1)").withOutput(TeacherOutput.LOG_PROBABILITIES)) {
            sameUpToARowsConstant(answers(teacher), logits(), 1e-3f);
        }
    }

    @Test
    void whatIsSaidWronglyIsRefusedWithWhatItLooksLike() {
        try (FileTeacher teacher = teacher("return torch.sigmoid(z)")) {
            refused(teacher.withOutput(TeacherOutput.PROBABILITIES), "what looks like sigmoids");
            refused(teacher.withOutput(TeacherOutput.PERCENT), "--teacher-output sigmoid");
            refused(teacher.withOutput(TeacherOutput.LOG_PROBABILITIES), "--teacher-output sigmoid");
        }
        try (FileTeacher teacher = teacher("return torch.softmax(z, 1)")) {
            refused(teacher.withOutput(TeacherOutput.SIGMOID), "rows with the sum 1");
            refused(teacher.withOutput(TeacherOutput.PERCENT), "set it: --teacher-output probabilities");
        }
        try (FileTeacher teacher = teacher("return z")) {
            refused(teacher.withOutput(TeacherOutput.SIGMOID), "must return sigmoids");
        }
    }

    /** The command in the advice must work. */
    @Test
    void theLikeliestClassesAreUsedWhenNamed() {
        try (FileTeacher teacher = teacher("return torch.softmax(z, 1) * (z == torch.amax(z, [1], True)).float()")
                .withOutput(TeacherOutput.TOP_CLASSES)) {
            assertThat(answers(teacher)).hasSize(18);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return torch.softmax(z, 1)         | --model-output probabilities",
                "return 100.0 * torch.softmax(z, 1) | --model-output percent",
                "return torch.sigmoid(z)            | --model-output sigmoid",
                "return z                           | ",
                "return torch.log_softmax(z, 1)     | ",
            })
    void aModelWhoseLogitsLookLikeSomethingElseIsSaidOnce(String output, @Nullable String option) {
        List<String> lines = new ArrayList<>();
        try (FileTeacher model = teacher(output, ModelRole.MODEL, lines::add).withOutput(TeacherOutput.LOGITS)) {
            for (int time = 0; time < 2; time++) {
                if (time == 0) answers(model);
                else known(model);
                if (option == null) assertThat(lines).isEmpty();
                else
                    assertThat(lines)
                            .singleElement()
                            .asString()
                            .startsWith("model teacher.pt returns what looks like ")
                            .endsWith(option);
                lines.clear();
            }
        }
    }

    private void known(FileTeacher model) {
        try (Scope scope = Scope.open()) {
            assertThat(Tensors.toFloats(model.knownBy(Preprocessing.none(), Inputs.of(Toy.images(3, 6, 1)))
                            .logits(Preprocessing.none(), Inputs.of(Toy.images(3, 6, 1)))))
                    .hasSize(18);
        }
    }

    @Test
    void probabilitiesThatAreTakenForLogitsAreSaidBeforeTraining() {
        for (String output : List.of("torch.softmax(z, 1)", "torch.sigmoid(z)", "z * 0.0")) {
            List<String> lines = new ArrayList<>();
            try (FileTeacher teacher = teacher("return " + output).withOutput(TeacherOutput.LOGITS);
                    Learner student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
                student.fit(
                        1,
                        1e-3,
                        KnowledgeDistillation.from(teacher).log(lines::add).build());
            }
            assertThat(lines)
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("warning: teacher teacher.pt returns ")
                            .containsAnyOf(
                                    "looks like probabilities", "looks like sigmoids", "the same outputs for all"));
        }
    }

    @Test
    void lossesThatNeedLogitsRefuseWhatOnlyLooksLikeThem() {
        try (FileTeacher sigmoids = teacher("return torch.sigmoid(z)").withOutput(TeacherOutput.SIGMOID);
                Learner student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            student.fit(
                    1,
                    1e-3,
                    KnowledgeDistillation.from(sigmoids).loss(new MultiLabel()).build());
            assertThat(student.history().get(0).terms()).containsKey("MultiLabel");
        }
        try (FileTeacher logarithms = teacher("return torch.log_softmax(z, 1)");
                Learner student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            assertThatThrownBy(() -> student.fit(
                            1,
                            1e-3,
                            KnowledgeDistillation.from(logarithms)
                                    .loss(new LogitMse())
                                    .build()))
                    .hasMessageContaining("needs a teacher's logits");
        }
    }

    @Test
    void cachedOutputsDependOnTheOutputKind() {
        try (FileTeacher teacher = teacher("return torch.sigmoid(z)")) {
            try (TeacherSession one = teacher.withOutput(TeacherOutput.SIGMOID).open(data, CPU);
                    TeacherSession other =
                            teacher.withOutput(TeacherOutput.LOGITS).open(data, CPU)) {
                assertThat(one.facts().identity()).isNotEqualTo(other.facts().identity());
                assertThat(one.facts().output()).startsWith("sigmoids");
            }
        }
    }

    @Test
    void manyRowsOfLogitsAreNotTakenForAnythingElse() {
        Random random = new Random(7);
        for (int width : new int[] {1, 2, 10, 1000}) {
            for (double scale : new double[] {0.01, 1, 30}) {
                float[] values = new float[128 * width];
                for (int i = 0; i < values.length; i++) values[i] = (float) (scale * random.nextGaussian());
                assertThat(TeacherOutput.seenIn(values, width)).isEqualTo(TeacherOutput.LOGITS);
            }
        }
    }

    @Test
    void whateverIsClosedSaysSo() {
        FileTeacher teacher = teacher("return z");
        CachedTeacher kept = CachedTeacher.inMemory(teacher, 100);
        TeacherSession lesson = kept.open(data, CPU);
        TeacherSession open = teacher.open(data, CPU);
        lesson.close();
        lesson.close();
        closed(() -> lesson.logits(batch()));
        teacher.close();
        teacher.close();
        closed(() -> open.logits(batch()));
        closed(() -> teacher.open(data, CPU));
        closed(() -> kept.open(data, CPU));
        closed(() -> EnsembleTeacher.of(teacher).open(data, CPU));
        Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8);
        ModuleTeacher module = ModuleTeacher.of(learner);
        TeacherSession begun = module.open(data, CPU);
        TeacherSession ended = module.open(data, CPU);
        ended.close();
        closed(() -> ended.logits(batch()));
        learner.close();
        learner.close();
        closed(() -> begun.logits(batch()));
        closed(() -> module.open(data, CPU));
        closed(() -> learner.fit(1, 1e-3));
        closed(learner::validate);
        closed(() -> learner.save(home.resolve("closed.safetensors")));
        FunctionTeacher function = new FunctionTeacher("f", data.classNames(), inputs -> new float[3 * inputs.rows()]);
        TeacherSession over = function.open(data, CPU);
        over.close();
        closed(() -> over.logits(batch()));
        ImageData images =
                Datasets.open("shapes:12:4:0").imageSize(8).batchSize(4).build();
        images.close();
        closed(() -> images.train(0));
        closed(() -> images.evaluate(Split.VALID));
    }

    private static Batch batch() {
        return Batch.of(Toy.images(3, 6, 1));
    }

    private static void closed(Runnable use) {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(" is closed; ")
                    .hasMessageNotContaining("\n");
        }
    }
}
