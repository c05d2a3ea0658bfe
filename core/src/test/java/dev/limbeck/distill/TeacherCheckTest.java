package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.FunctionTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Test teachers whose outputs would be wrong without any error. */
class TeacherCheckTest {
    private static final Map<String, String> IMAGENET =
            Map.of("mean", "0.485,0.456,0.406", "std", "0.229,0.224,0.225", "image_size", "2x2");
    private static final double[] MEAN = {0.485, 0.456, 0.406};
    private static final double[] STD = {0.229, 0.224, 0.225};
    private static final int ROWS = 60;

    /** Images in which channel c is bright for class c, with ImageNet normalization. */
    private final GivenBatches data = new GivenBatches(
                    1,
                    ROWS,
                    3,
                    batch -> {
                        float[] values = new float[ROWS * 12];
                        for (int i = 0; i < values.length; i++) {
                            int channel = i / 4 % 3;
                            double pixel = Toy.labels(batch, ROWS)[i / 12] == channel ? 0.5 : 0.42;
                            values[i] = (float) ((pixel - MEAN[channel]) / STD[channel]);
                        }
                        return Tensors.of(values, ROWS, 3, 2, 2);
                    },
                    batch -> Toy.labels(batch, ROWS),
                    true)
            .shaped(3, 2, 2)
            .prepared(IMAGENET);

    /** Return a teacher whose output is the brightest channel, if pixels have ImageNet normalization. */
    private static FunctionTeacher brightest(float sure, int... order) {
        return new FunctionTeacher("brightest", List.of("class0", "class1", "class2"), inputs -> {
            float[] answer = new float[inputs.rows() * 3];
            for (int row = 0; row < inputs.rows(); row++) {
                for (int c = 0; c < 3; c++) {
                    double pixel = inputs.values()[row * 12 + c * 4] * STD[c] + MEAN[c];
                    // The output is 0 unless the brightness is that of an image.
                    answer[3 * row + order[c]] = (float) (sure * Math.max(0, 0.1 - Math.abs(pixel - 0.51)));
                }
            }
            return answer;
        });
    }

    private TeacherCheck of(Teacher teacher, double temperature) {
        KnowledgeDistillation how = KnowledgeDistillation.from(teacher)
                .loss(new SoftTarget(temperature))
                .checkThoroughly()
                .build();
        try (Learner student = Learner.create(data, new Architecture("tiny", 2, TinyNet::new))) {
            student.firstLoss(how);
        }
        TeacherCheck found = how.teacherCheck();
        if (found == null) throw new AssertionError("nothing was found out");
        return found;
    }

    @Test
    void aGoodTeacherGivesNoWarnings() {
        TeacherCheck found = of(brightest(60, 0, 1, 2), 3);
        assertThat(found.value()).isEqualTo(1);
        assertThat(found.warnings()).isEmpty();
        assertThat(found.knowledge()).isEqualTo(OutputKind.LOGITS);
        assertThat(found.summary())
                .startsWith("teacher brightest: 100.0 % accuracy on 60 validation rows, entropy at T = 3: ");
    }

    @Test
    void aWrongNormalizationIsFoundAndWhatWouldFit() {
        Teacher blind = brightest(60, 0, 1, 2).withPreprocessing(Map.of("mean", "0,0,0", "std", "0.004,0.004,0.004"));
        TeacherCheck found = of(blind, 3);
        assertThat(found.value()).isLessThan(0.5);
        assertThat(found.warnings())
                .anySatisfy(line -> assertThat(line)
                        .contains(
                                "but with ImageNet's mean and standard deviation (mean 0.485,0.456,0.406, std 0.229,0.224,0.225) "
                                        + "it would have 100.0 %"));
    }

    @Test
    void anotherOrderOfClassesIsFoundAndWhichOne() {
        TeacherCheck found = of(brightest(60, 1, 2, 0), 3);
        assertThat(found.value()).isZero();
        assertThat(found.warnings())
                .anySatisfy(line ->
                        assertThat(line).contains("with the classes [class2, class0, class1] it would have 100.0 %"));
    }

    @Test
    void anOverconfidentTeacherIsReportedWithABetterTemperature() {
        TeacherCheck found = of(brightest(400, 0, 1, 2), 1);
        assertThat(found.entropies().get(1.0)).isLessThan(0.05);
        assertThat(found.warnings())
                .singleElement()
                .asString()
                .startsWith("teacher brightest is nearly certain of every output at T = 1")
                .matches(".*; T = [0-9]+ would show more");
    }

    @Test
    void aLossThatNeedsMoreThanProbabilitiesIsRefused() {
        FunctionTeacher even = new FunctionTeacher("even", List.of("class0", "class1", "class2"), inputs -> {
                    float[] third = new float[inputs.rows() * 3];
                    Arrays.fill(third, 1 / 3f);
                    return third;
                })
                .withOutput(OutputKind.PROBABILITIES);
        try (Learner student = Learner.create(data, new Architecture("tiny", 2, TinyNet::new))) {
            assertThatThrownBy(() -> student.firstLoss(KnowledgeDistillation.from(even)
                            .loss(new LogitMse())
                            .build()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "LogitMse needs a teacher's logits, and even returns probabilities only; use a loss such as "
                                    + "SoftTarget or DecoupledKD");
        }
    }
}
