package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.ScriptFiles;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test common TorchScript files: with probabilities, other layouts, and with or without metadata. */
class FileTeacherTest {
    private static final Device CPU = Engine.device("cpu");
    private static final String MEANS = "return torch.mean(x, [2, 3])";

    @TempDir
    Path home;

    private final GivenBatches data = Toy.data(2, 6).shaped(3, 8, 8).prepared(Map.of());

    private Path file(String body, Map<String, String> extra) {
        Path file = home.resolve("teacher.pt");
        ScriptFiles.write(file, body, extra);
        return file;
    }

    private float[] answers(Teacher teacher, Tensor input) {
        try (TeacherSession lesson = teacher.open(data, CPU)) {
            return Tensors.toFloats(lesson.logits(Batch.of(input)));
        }
    }

    private static float[] channelMeans(Tensor input) {
        float[] values = Tensors.toFloats(input);
        float[] means = new float[values.length / 64];
        for (int i = 0; i < values.length; i++) means[i / 64] += values[i] / 64;
        return means;
    }

    @Test
    void probabilitiesAreFoundOutAndBecomeTheirLogarithms() {
        try (FileTeacher teacher = FileTeacher.open(file("return torch.softmax(torch.mean(x, [2, 3]), 1)", Map.of()));
                Scope scope = Scope.open()) {
            Tensor x = Toy.images(3, 6, 1);
            float[] found = answers(teacher, x);
            float[] logits = channelMeans(x);
            for (int row = 0; row < 6; row++) {
                // Logits are equal up to a constant per row.
                float shift = found[3 * row] - logits[3 * row];
                for (int c = 0; c < 3; c++) {
                    assertThat(found[3 * row + c] - logits[3 * row + c]).isCloseTo(shift, within(1e-5f));
                }
            }
            try (TeacherSession lesson = teacher.open(data, CPU)) {
                assertThat(lesson.facts().kind()).isEqualTo(OutputKind.PROBABILITIES);
            }
            try (TeacherSession lesson =
                    teacher.withOutput(TeacherOutput.LOGITS).open(data, CPU)) {
                assertThat(lesson.facts().kind()).as("as it was set").isEqualTo(OutputKind.LOGITS);
            }
        }
    }

    @Test
    void everyChangeOfOutputsChangesTheFingerprint() {
        try (FileTeacher teacher = FileTeacher.open(
                        file("return torch.mean(torch.reshape(x, [-1, 3, 64]), [2])", Map.of()))
                .withOutput(TeacherOutput.LOGITS)
                .withClassNames(List.of("a", "b", "c"))) {
            List<Teacher> all = List.of(
                    teacher,
                    teacher.withPreprocessing(Map.of("channels", "bgr")),
                    teacher.withPreprocessing(Map.of("layout", "nhwc")),
                    teacher.withOutput(TeacherOutput.PROBABILITIES),
                    teacher.withPreprocessing(Map.of("mean", "0.1,0.1,0.1", "std", "1,1,1")),
                    MappedTeacher.byName(teacher, List.of("b", "a", "c")),
                    MappedTeacher.byName(teacher, List.of("c", "a", "b")));
            Map<String, Teacher> byFingerprint = new LinkedHashMap<>();
            try (GivenBatches given = Toy.data(2, 6).prepared(Map.of("mean", "0,0,0", "std", "1,1,1"))) {
                for (Teacher one : all) {
                    try (TeacherSession lesson = one.open(given, CPU)) {
                        byFingerprint.put(lesson.facts().identity(), one);
                    }
                }
            }
            assertThat(byFingerprint).hasSameSizeAs(all);
        }
    }

    /** Test common files from Python: each is rejected before the first step, in one line that names it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return torch.mean(x, [2, 3]) + torch.randn([1])                | for the same rows in a smaller batch",
                "return torch.mean(x, [2, 3]) - torch.mean(torch.mean(x, [2, 3]), [0]) * 3.0 | save it after model.eval()",
                "return torch.linear(torch.mean(x, [2, 3]), torch.ones([3, 3], dtype=7)) | must take one float32 tensor",
                "return torch.mean(torch.reshape(x, [2, -1, 8, 8]), [2, 3])     | must return",
                "return torch.mean(torch.reshape(x, [7, 3, 8, 8]), [2, 3])      | it takes 7 images at a time; export it",
                "return torch.mean(torch.reshape(x, [-1, 3, 32, 32]), [2, 3]) + x[:, :, 0, 31] | it takes images of 32×32, found 8×8; set it: --teacher-image-size 32",
                "return torch.mean(torch.conv2d(x.permute(0, 3, 1, 2), torch.ones([3, 3, 1, 1])), [2, 3]) | it takes rows×height×width×3; set it: --teacher-layout nhwc"
            })
    void unusableTeachersAreReportedBeforeTheFirstStep(String body, String message) {
        try (FileTeacher teacher = FileTeacher.open(file(body, Map.of()))) {
            assertThatThrownBy(() -> teacher.open(data, CPU))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("teacher teacher.pt ")
                    .hasMessageContaining(message)
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        }
    }

    @Test
    void metadataThatCannotBeIsRefused() {
        Path odd = file(MEANS, Map.of("layout", "nhwx"));
        assertThatThrownBy(() -> FileTeacher.open(odd))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(odd + " has invalid settings: its layout must be nchw or nhwc, found 'nhwx'");
        Path unknown = file(MEANS, Map.of("output", "probs"));
        assertThatThrownBy(() -> FileTeacher.open(unknown))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(unknown + " has invalid settings: ");
        try (FileTeacher zero = FileTeacher.open(file(MEANS, Map.of("mean", "0,0,0", "std", "0,0,0")));
                GivenBatches given = Toy.data(2, 6).prepared(Map.of("mean", "0,0,0", "std", "1,1,1"))) {
            assertThatThrownBy(() -> zero.open(given, CPU))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("std must be three numbers above 0, found [0.0, 0.0, 0.0]");
        }
    }

    @Test
    void theMemberOfAnEnsembleWithOtherClassesIsNamed() {
        try (FileTeacher three = FileTeacher.open(file(MEANS, Map.of()));
                Scope scope = Scope.open()) {
            FunctionTeacher two = new FunctionTeacher("two", List.of("a", "b"), inputs -> new float[2 * inputs.rows()]);
            assertThatThrownBy(() -> answers(EnsembleTeacher.of(three, two), Toy.images(3, 6, 1)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "teacher two has 2 classes, the teachers before it 3; combine teachers with the same classes");
        }
    }

    @Test
    void logitsThatAreToBeProbabilitiesAreRefused() {
        try (FileTeacher teacher = FileTeacher.open(file(MEANS, Map.of())).withOutput(TeacherOutput.PROBABILITIES);
                TeacherSession lesson = teacher.open(data, CPU)) {
            assertThatThrownBy(() -> lesson.predict(data, Split.VALID))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "teacher teacher.pt must return probabilities, rows of numbers from 0 to 1 with the sum 1, "
                                    + "found others; set it: --teacher-output logits");
        }
    }

    @Test
    void metadataSaysWhatTheCallerNeedNot() {
        Map<String, String> extra = new LinkedHashMap<>();
        extra.put("classes", "[\"cat\", \"dog\", \"möwe\"]");
        extra.put("mean", "0.5,0.5,0.5");
        extra.put("std", "0.25,0.25,0.25");
        extra.put("layout", "nhwc");
        extra.put("output", "logits");
        try (FileTeacher teacher = FileTeacher.open(file("return torch.mean(x, [1, 2])", extra))) {
            assertThat(teacher.classNames()).containsExactly("cat", "dog", "möwe");
            assertThat(teacher.classes()).isEqualTo(3);
            assertThat(teacher.preprocessing())
                    .containsEntry("layout", "nhwc")
                    .containsEntry("mean", "0.5,0.5,0.5")
                    .containsEntry("std", "0.25,0.25,0.25");
            assertThat(teacher.facts().kind()).isEqualTo("TorchScript");
            try (Scope scope = Scope.open();
                    GivenBatches given = Toy.data(2, 6).prepared(Map.of("mean", "0,0,0", "std", "1,1,1"));
                    TeacherSession lesson = teacher.open(given, CPU)) {
                Tensor x = Toy.images(2, 6, 1);
                float[] expected = channelMeans(x);
                for (int i = 0; i < expected.length; i++) expected[i] = (expected[i] - 0.5f) / 0.25f;
                assertThat(Tensors.toFloats(lesson.logits(Batch.of(x)))).containsExactly(expected, within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "names      | {0: 'a', 1: 'b c', 2: \"d'e\"} | [a, b c, d'e]                     | 0",
                "classes    | ['a', 'b', 'c']             | [a, b, c]                         | 0",
                "classes    | a,b,c                       | []                                | 1",
                "classes    | [\"a\", \"a\", \"b\"]          | []                                | 1",
                "image_size | [48, 32]                    | {image_size=48x32}                | 0",
                "image_size | 32                          | {image_size=32x32}                | 0",
                "image_size | large                       | {}                                | 1",
                "mean       | [127.5,127.5,51]            | {mean=0.5,0.5,0.2}                | 1",
                "std        | (0.5, 0.25, 0.5)            | {std=0.5,0.25,0.5}                | 0",
                "std        | 0.5;0.5;0.5                 | {}                                | 1",
                "resize     | stretch                     | {}                                | 1",
            })
    void metadataOfOthersIsReadOrSaid(String key, String text, String expected, int count) {
        List<String> lines = new ArrayList<>();
        Path file = file(MEANS, Map.of(key, text));
        try (FileTeacher model = FileTeacher.open(file, ModelRole.MODEL, lines::add)) {
            Object found = expected.startsWith("[") ? model.classNames() : model.preprocessing();
            assertThat(found.toString()).isEqualTo(expected);
            assertThat(lines).hasSize(count).allMatch(line -> line.startsWith(file + ": its " + key));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.5,51,255 | 1,1,1         | 0.5,0.2,1.0 | 0.00392156862745098,0.00392156862745098,0.00392156862745098 | 2",
                "127.5,51,255 | 51,51,51      | 0.5,0.2,1.0 | 0.2,0.2,0.2 | 2",
                "0,0,0        | 255,255,255   | 0.0,0.0,0.0 | 1.0,1.0,1.0 | 1",
                "127.5,51,255 | 0.5,0.25,0.5  | 0.5,0.2,1.0 | 0.5,0.25,0.5 | 1",
                "0.5,0.5,0.5  | 1,1,1         | 0.5,0.5,0.5 | 1.0,1.0,1.0 | 0",
            })
    void meanAndDeviationAreReadTogether(String mean, String std, String ownMean, String ownStd, int count) {
        List<String> lines = new ArrayList<>();
        try (FileTeacher model =
                FileTeacher.open(file(MEANS, Map.of("mean", mean, "std", std)), ModelRole.MODEL, lines::add)) {
            assertThat(model.preprocessing()).containsEntry("mean", ownMean).containsEntry("std", ownStd);
            assertThat(lines).hasSize(count);
        }
    }

    @Test
    void theCallerSaysWhatTheFileDoesNot() {
        try (FileTeacher teacher = FileTeacher.open(file(MEANS, Map.of()))
                        .withClassNames(List.of("a", "b", "c"))
                        .withPreprocessing(Map.of("channels", "bgr"));
                Scope scope = Scope.open()) {
            Tensor x = Toy.images(2, 6, 1);
            float[] straight = channelMeans(x);
            float[] found = answers(teacher, x);
            for (int row = 0; row < 6; row++) {
                for (int c = 0; c < 3; c++) {
                    assertThat(found[3 * row + c]).isCloseTo(straight[3 * row + 2 - c], within(1e-5f));
                }
            }
            assertThat(teacher.classNames()).containsExactly("a", "b", "c");
        }
    }

    @ParameterizedTest
    @CsvSource({"half, PROBABILITIES", "double, PROBABILITIES", "half, LOGITS", "double, LOGITS"})
    void outputsBecomeFloat32(String type, TeacherOutput kind) {
        String body = kind == TeacherOutput.LOGITS
                ? "torch.mean(x, [2, 3])"
                : "torch.softmax(torch.mean(x, [2, 3]) * 1e4, 1)";
        try (FileTeacher teacher = FileTeacher.open(file("return " + body + "." + type + "()", Map.of()))
                        .withOutput(kind);
                TeacherSession lesson = teacher.open(data, CPU);
                Scope scope = Scope.open()) {
            Tensor logits = lesson.logits(Batch.of(Toy.images(3, 6, 1)));
            assertThat(DType.of(logits)).isEqualTo(DType.FLOAT32);
            assertThat(Ops.allFinite(logits)).isTrue();
            if (kind == TeacherOutput.PROBABILITIES) {
                double least = Math.log(1e-12);
                for (float logit : Tensors.toFloats(logits)) assertThat(logit).isGreaterThan((float) (least - 1e-3));
            }
        }
    }

    @Test
    void anOutputWithNaNsIsOneLine() {
        try (FileTeacher teacher = FileTeacher.open(file("return torch.mean(x, [2, 3]) / 0.0 * 0.0", Map.of()));
                Scope scope = Scope.open()) {
            Tensor x = Toy.images(2, 6, 1);
            assertThatThrownBy(() -> answers(teacher, x))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith(
                            "teacher teacher.pt must return finite numbers, found 18 of 18 NaN or infinite");
        }
        try (FileTeacher teacher = FileTeacher.open(file("return x", Map.of()));
                Scope scope = Scope.open()) {
            Tensor x = Toy.images(2, 6, 1);
            assertThatThrownBy(() -> answers(teacher, x))
                    .hasMessage("teacher teacher.pt must return 6×classes numbers, found 6×3×8×8");
        }
        try (FileTeacher teacher = FileTeacher.open(file(MEANS, Map.of())).withClassNames(List.of("a", "b"));
                Scope scope = Scope.open()) {
            Tensor x = Toy.images(2, 6, 1);
            assertThatThrownBy(() -> answers(teacher, x))
                    .hasMessage(
                            "teacher teacher.pt must return 6×2 numbers, found 6×3; set as many class names as it has "
                                    + "outputs, or choose a teacher of the data's classes");
        }
        assertThatThrownBy(() -> FileTeacher.open(home.resolve("none.pt")))
                .hasMessage("no teacher at " + home.resolve("none.pt"));
        assertThatThrownBy(() -> TeacherOutput.of("labels"))
                .hasMessage(
                        "a teacher's output must be logits, probabilities, top_classes, log_probabilities, percent, "
                                + "sigmoid, numbers, embedding, found 'labels'");
    }

    @Test
    void theLikeliestClassesOfAFunctionShareTheRest() {
        FunctionTeacher teacher = new FunctionTeacher("top", List.of("a", "b", "c"), inputs -> {
            float[] answer = new float[inputs.rows() * 3];
            for (int row = 0; row < inputs.rows(); row++) answer[3 * row + 1] = 0.8f;
            return answer;
        });
        try (Scope scope = Scope.open()) {
            float[] found = answers(teacher.withOutput(OutputKind.TOP_CLASSES), Toy.images(2, 2, 1));
            float rest = (float) Math.log(0.1);
            float first = (float) Math.log(0.8);
            assertThat(found).containsExactly(new float[] {rest, first, rest, rest, first, rest}, within(1e-5f));
        }
    }

    @Test
    void theSurestOfSeveralTeachersCountsMost() {
        FunctionTeacher sure = constant("sure", 0.98f, 0.01f, 0.01f);
        FunctionTeacher unsure = constant("unsure", 0.2f, 0.4f, 0.4f);
        try (Scope scope = Scope.open()) {
            float[] found = answers(
                    EnsembleTeacher.of(sure, unsure).withCombination(EnsembleTeacher.Combination.CONFIDENCE),
                    Toy.images(2, 1, 1));
            double expected = (0.98 * 0.98 + 0.4 * 0.2) / (0.98 + 0.4);
            assertThat(Math.exp(found[0])).isCloseTo(expected, within(1e-5));
        }
        try (TeacherSession lesson = EnsembleTeacher.of(sure, unsure)
                .withCombination(EnsembleTeacher.Combination.CONFIDENCE)
                .open(data, CPU)) {
            assertThat(lesson.facts().kind()).isEqualTo(OutputKind.PROBABILITIES);
        }
    }

    private static FunctionTeacher constant(String name, float... probabilities) {
        return new FunctionTeacher(name, List.of("class0", "class1", "class2"), inputs -> {
                    float[] answer = new float[inputs.rows() * 3];
                    for (int i = 0; i < answer.length; i++) answer[i] = probabilities[i % 3];
                    return answer;
                })
                .withOutput(OutputKind.PROBABILITIES);
    }
}
