package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Flatten;
import dev.limbeck.nn.ForwardHook;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Moments;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModuleTeacherTest {
    private final GivenBatches data = Toy.data(2, 6);
    private final Module teacher = new TinyNet(3);
    private final Learner student = Learner.create(data, TinyNet.ARCHITECTURE);
    private final Map<String, Object> before = new LinkedHashMap<>();

    @BeforeEach
    void mixModesAndFlags() {
        try (Scope scope = Scope.open()) {
            teacher.apply(Tensors.randn(4, 3, 8, 8));
        }
        teacher.module("bn").eval();
        teacher.module("conv").freeze();
        before.putAll(state());
    }

    @AfterEach
    void close() {
        teacher.close();
        student.close();
    }

    /** Return all state that a session must restore. */
    private Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("weights and statistics", teacher.sha256());
        teacher.modules().forEach((path, module) -> state.put("mode of " + path, module.isTraining()));
        teacher.parameters().forEach((name, tensor) -> {
            state.put("flag of " + name, tensor.requires_grad());
            state.put("gradient of " + name, Tensors.hasGrad(tensor));
        });
        state.put("hooks", teacher.hookCount());
        return state;
    }

    private KnowledgeDistillation distillation() {
        return KnowledgeDistillation.from(teacher).build();
    }

    @Test
    void theTeacherIsAfterwardsAsBefore() {
        student.fit(2, 0.05, distillation());
        assertThat(state()).isEqualTo(before);
    }

    static List<String> allMoments() {
        return Moments.ALL;
    }

    @ParameterizedTest
    @MethodSource("allMoments")
    void theTeacherIsAsBeforeWhateverMomentThrows(String moment) {
        IllegalStateException failure = new IllegalStateException("expected");
        Callback failing = Moments.throwing(moment, failure);
        assertThatThrownBy(() -> student.fit(1, 0.05, distillation(), failing)).hasMessageContaining("expected");
        assertThat(state()).isEqualTo(before);
        assertThatThrownBy(() -> student.fit(1, 0.05, failing, distillation())).hasMessageContaining("expected");
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void whileItTeachesItIsFrozenInEvaluationModeAndOutsideTheGraph() {
        List<Boolean> graph = new ArrayList<>();
        try (ForwardHook.Registration hook = teacher.onForward((module, inputs, output) -> {
            graph.add(output.requires_grad());
            return null;
        })) {
            student.fit(1, 0.05, distillation(), new Callback() {
                @Override
                public void beforeStep(TrainStep step) {
                    assertThat(teacher.modules().values()).noneMatch(Module::isTraining);
                    assertThat(teacher.parameters().values()).noneMatch(Tensor::requires_grad);
                    assertThat(teacher.parameters().values()).noneMatch(Tensors::hasGrad);
                    assertThat(step.fit().model().parameters().values()).allMatch(Tensors::hasGrad);
                }
            });
        }
        assertThat(graph)
                .hasSize(3)
                .as("one validation batch, two training batches")
                .containsOnly(false);
    }

    private Tensor answer(Module module, Precision precision, Tensor x) {
        try (TeacherSession lesson =
                ModuleTeacher.of(module, List.of()).withOwnPrecision(precision).open(data, student.device())) {
            return lesson.logits(Batch.of(x));
        }
    }

    @Test
    void itsFoldedCopyHasTheModulesOutputs() {
        try (Scope scope = Scope.open()) {
            Tensor x = Toy.images(0, 6, 1);
            float[] expected = Tensors.toFloats(teacher.predict(x));
            assertThat(Tensors.toFloats(answer(teacher, Precision.FP32, x))).containsExactly(expected, within(1e-5f));
            Tensor half = answer(teacher, Precision.BF16, x);
            assertThat(DType.of(half)).isEqualTo(DType.FLOAT32);
            assertThat(Tensors.toFloats(half))
                    .containsExactly(expected, within(0.03f))
                    .isNotEqualTo(expected);
        }
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void withCapturedFeaturesTheModuleItselfIsUsed() {
        try (Scope scope = Scope.open();
                TeacherSession lesson = ModuleTeacher.of(teacher, List.of())
                        .withOwnPrecision(Precision.BF16)
                        .open(data, student.device())) {
            Tensor x = Toy.images(0, 6, 1);
            Tensor bn = lesson.compute(Batch.of(x), Set.of("bn")).feature("bn");
            assertThat(DType.of(bn)).isEqualTo(DType.FLOAT32);
            float[] seen = Tensors.toFloats(bn);
            try (NoGrad noGrad = NoGrad.on()) {
                Tensor expected =
                        teacher.module("bn").apply(teacher.module("conv").apply(x));
                assertThat(seen).containsExactly(Tensors.toFloats(expected), within(0.1f));
            }
        }
    }

    @Test
    void aModuleWithoutScriptOrWithAWrongOneTeachesItself() {
        for (String script : new String[] {"", "def forward(self, x: Tensor):\n    return self.bn.forward(x)\n"}) {
            try (Module own = new WithScript(script);
                    Scope scope = Scope.open()) {
                Tensor x = Toy.images(0, 6, 1);
                assertThat(Tensors.toFloats(answer(own, Precision.FP32, x)))
                        .containsExactly(Tensors.toFloats(own.predict(x)));
            }
        }
    }

    /** Double the output of a batch norm, with a wrong script or none. */
    private static final class WithScript extends Module {
        private final BatchNorm2d bn = child("bn", new BatchNorm2d(3));
        private final String script;

        WithScript(String script) {
            this.script = script;
        }

        @Override
        protected Tensor forward(Tensor x) {
            return Ops.mul(bn.apply(x), 2).flatten(1, -1);
        }

        @Override
        public String script() {
            return script.isEmpty() ? super.script() : script;
        }
    }

    @Test
    void teachersRunWithoutDropout() {
        try (Module dropping = new Sequential(new Flatten(), new Dropout(0.5), new Linear(192, 3));
                Scope scope = Scope.open()) {
            TeacherSession lesson = ModuleTeacher.of(dropping, List.of()).open(data, student.device());
            Tensor x = Toy.images(0, 4, 0);
            assertThat(Tensors.toFloats(lesson.logits(Batch.of(x))))
                    .containsExactly(Tensors.toFloats(lesson.logits(Batch.of(x))));
            lesson.close();
            assertThat(dropping.isTraining()).isTrue();
        }
    }

    @Test
    void aTeacherThatChangedIsReported() {
        assertThatThrownBy(() -> student.fit(1, 0.05, distillation(), new Callback() {
                    @Override
                    public void afterTrain(TrainingContext fit) {
                        try (NoGrad noGrad = NoGrad.on()) {
                            Ops.mul_(teacher.parameters().get("fc.weight"), 1.5);
                        }
                    }
                }))
                .hasMessageContaining("the teacher's weights or statistics changed during distillation");
        assertThat(teacher.module("fc").isTraining()).isTrue();
        assertThat(teacher.parameters().get("fc.weight").requires_grad()).isTrue();
    }

    @Test
    void itSeesTheVeryTensorThatTheStudentSees() {
        List<Long> seenByTeacher = new ArrayList<>();
        List<Long> seenByStudent = new ArrayList<>();
        Callback replacing = new Callback() {
            @Override
            public void beforeBatch(TrainStep step) {
                if (step.index() == 1) {
                    Tensor mixed = Toy.images(77, 3, 2);
                    step.replaceBatch(new Batch(Inputs.of(mixed), Tensors.of(new long[3], 3), new int[3]));
                }
            }
        };
        Callback listening = new Callback() {
            private ForwardHook.Registration teachers;
            private ForwardHook.Registration students;

            @Override
            public void beforeTrain(TrainingContext fit) {
                teachers = teacher.onForward((module, inputs, output) -> {
                    seenByTeacher.add(inputs.only().data_ptr().address());
                    seenByTeacher.add(inputs.only().size(0));
                    return null;
                });
                students = fit.model().onForward((module, inputs, output) -> {
                    seenByStudent.add(inputs.only().data_ptr().address());
                    seenByStudent.add(inputs.only().size(0));
                    return null;
                });
            }

            @Override
            public void afterTrain(TrainingContext fit) {
                teachers.close();
                students.close();
            }
        };
        student.fit(1, 0.05, distillation(), replacing, listening);
        assertThat(seenByTeacher).hasSize(4).isEqualTo(seenByStudent);
        assertThat(seenByTeacher.get(1)).isEqualTo(6);
        assertThat(seenByTeacher.get(3)).isEqualTo(3);
    }

    @Test
    void anotherNormalizationIsTranslated(@TempDir Path folder) {
        Path file = folder.resolve("teacher.safetensors");
        Map<String, String> teachers = Map.of("mean", "0.485,0.456,0.406", "std", "0.229,0.224,0.225");
        Map<String, String> students = Map.of("mean", "0.5,0.4,0.3", "std", "0.25,0.5,1.0");
        try (Learner learner = Learner.create(Toy.data(1, 4).prepared(teachers), Zoo.CIFAR_RESNET8)) {
            learner.save(file);
        }
        GivenBatches given = Toy.data(1, 4).prepared(students);
        try (SavedModel saved = SavedModel.open(file, null);
                Scope scope = Scope.open();
                TeacherSession lesson = ModuleTeacher.of(saved).open(given, student.device())) {
            float[] pixels = new float[3 * 4];
            for (int i = 0; i < pixels.length; i++) pixels[i] = i / 12f;
            double[][] mean = {{0.5, 0.4, 0.3}, {0.485, 0.456, 0.406}};
            double[][] std = {{0.25, 0.5, 1}, {0.229, 0.224, 0.225}};
            float[][] normalized = new float[2][12];
            for (int who = 0; who < 2; who++) {
                for (int i = 0; i < 12; i++) {
                    normalized[who][i] = (float) ((pixels[i] - mean[who][i / 4]) / std[who][i / 4]);
                }
            }
            float[][] seen = new float[1][];
            try (ForwardHook.Registration hook = saved.module().onForward((module, inputs, output) -> {
                seen[0] = Tensors.toFloats(inputs.only());
                return null;
            })) {
                lesson.logits(Batch.of(Tensors.of(normalized[0], 1, 3, 2, 2)));
            }
            assertThat(seen[0]).containsExactly(normalized[1], within(1e-5f));
        }
    }

    @Test
    void aTeacherOfAnotherImageSizeIsRefusedBeforeTheFirstBatch() {
        List<String> moments = new ArrayList<>();
        try (Learner large =
                        Learner.create(Toy.data(1, 4).prepared(Map.of("image_size", "64x64")), TinyNet.ARCHITECTURE);
                Learner small =
                        Learner.create(Toy.data(1, 4).prepared(Map.of("image_size", "8x8")), TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() ->
                            small.fit(1, 0.01, KnowledgeDistillation.from(large).build(), new Moments(moments::add)))
                    .hasMessage("teacher tiny wants its inputs otherwise than the data gives them: this data comes in "
                            + "one form only, "
                            + ImagePreprocessing.defaults(8).identity() + ", found "
                            + ImagePreprocessing.defaults(64).identity() + "; choose a model for such inputs");
            assertThat(large.model().isTraining()).isTrue();
        }
        assertThat(moments).doesNotContain("beforeBatch");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.5", "0.5,0.5,a", "", "0.5,0.5,0.5,0.5"})
    void normalizationThatCannotBeUnderstoodIsAnsweredInOneLine(String mean) {
        ImagePreprocessing students = ImagePreprocessing.defaults(8);
        assertThatThrownBy(() -> students.with(Map.of("mean", mean, "std", "1,1,1")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("mean must be three numbers")
                .hasMessageContaining("found");
    }
}
