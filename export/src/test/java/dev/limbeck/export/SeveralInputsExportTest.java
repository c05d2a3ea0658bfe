package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.ArrayData;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test a network of ids and weights: it is trained, exported with both inputs, and used as a teacher file. */
class SeveralInputsExportTest {
    private static final Task TASK = new Task.SingleLabel(List.of("few", "many"));

    @TempDir
    Path home;

    /** Compute the weighted sum of the embeddings of the ids. */
    private static final class WeightedBag extends Module {
        private final Embedding rows;
        private final Linear fc;

        WeightedBag(long width) {
            rows = child("rows", new Embedding(6, width));
            fc = child("fc", new Linear(width, 2));
        }

        @Override
        protected Tensor forward(Inputs inputs) {
            Tensor weighted =
                    rows.apply(inputs.get("ids")).mul(inputs.get("weights").unsqueeze(2));
            return fc.apply(weighted.sum(new long[] {1}));
        }

        @Override
        public String script() {
            return """
                    def forward(self, ids: Tensor, weights: Tensor):
                        return self.fc.forward((self.rows.forward(ids) * weights.unsqueeze(2)).sum([1]))
                    """;
        }
    }

    private static Architecture net(String name, long width) {
        return new Architecture(name, 1, classes -> new WeightedBag(width));
    }

    private static Data data() {
        ArrayData data = new ArrayData(TASK, PairKind.INPUTS, 16, 0).preprocessing(PairKind.PAIRS);
        Random random = new Random(3);
        for (Split split : Split.values()) {
            float[][] rows = new float[64][8];
            int[] labels = new int[64];
            for (int i = 0; i < rows.length; i++) {
                float sum = 0;
                for (int k = 0; k < 4; k++) {
                    rows[i][k] = random.nextInt(6);
                    rows[i][4 + k] = random.nextFloat();
                    sum += rows[i][k] * rows[i][4 + k];
                }
                labels[i] = sum > 5 ? 1 : 0;
            }
            data.with(split, rows, Targets.labels(labels));
        }
        return data;
    }

    private static float[] logits(Teacher teacher, Data data) {
        try (TeacherSession session = teacher.open(data, Engine.device("cpu"))) {
            return session.predict(data, Split.TEST).outputs();
        }
    }

    @Test
    void theFileComputesWhatTheNetworkDoesAndTeaches() {
        try (Data data = data();
                Learner learner =
                        Learner.builder(data, net("wide", 16)).precision("fp32").build()) {
            learner.fit(5, 0.05);
            Path out = home.resolve("out");
            List<Exporter.Exported> files = Exporter.of(learner.model(), TASK, PairKind.PAIRS)
                    .as(Format.ONNX, Format.TORCHSCRIPT)
                    .verifiedOn(data, Split.TEST)
                    .export(out);
            assertThat(files).allSatisfy(file -> {
                assertThat(file.verification()).isNotNull();
                assertThat(file.verification().passed(dev.limbeck.export.Precision.FP32))
                        .isTrue();
            });
            float[] expected = logits(ModuleTeacher.of(learner).withOwnPrecision(Precision.FP32), data);
            for (Exporter.Exported exported : files) {
                try (FileTeacher teacher = FileTeacher.open(exported.file())) {
                    assertThat(logits(teacher, data))
                            .as("%s", exported.format())
                            .containsExactly(expected, within(1e-5f));
                    try (Learner student = Learner.create(data, net("narrow", 2))) {
                        student.fit(1, 0.05, KnowledgeDistillation.from(teacher).build());
                        assertThat(student.history().get(0).terms()).containsKey("SoftTarget");
                    }
                }
            }
            try (OnnxModel model = OnnxModel.open(out.resolve(Format.ONNX.fileName()), 1)) {
                assertThat(model.inputs().stream().map(InputSpec::toString))
                        .containsExactly("ids int64 N×4", "weights float32 N×4");
            }
        }
    }

    @Test
    void dataOfOneInputIsRefusedInOneLine() {
        Path out = home.resolve("out");
        try (Module net = new WeightedBag(2)) {
            Exporter.of(net, TASK, PairKind.PAIRS).export(out);
        }
        Path file = out.resolve(Format.ONNX.fileName());
        try (Data one = new ArrayData(TASK, InputSpec.floats(8), 8, 0)
                        .with(Split.TRAIN, new float[8][8], Targets.labels(new int[8]));
                FileTeacher teacher = FileTeacher.open(file)) {
            assertThatThrownBy(() -> teacher.open(one, Engine.device("cpu")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(
                            "takes ids int64 N×4 and weights float32 N×4, expected inputs as the data gives "
                                    + "them, x float32 N×8; use a file of such inputs");
        }
    }
}
