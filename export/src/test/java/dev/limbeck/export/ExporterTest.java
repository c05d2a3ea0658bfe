package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.export.Exporter.Exported;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExporterTest {
    @TempDir
    static Path home;

    private static ImageData data;
    private static SavedModel student;

    @BeforeAll
    static void train() {
        data = Datasets.open("shapes").maxTrainSamples(100).batchSize(40).build();
        Path file = home.resolve("student.safetensors");
        try (Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.fit(1, 0.01);
            learner.save(file);
        }
        student = SavedModel.open(file, null);
    }

    @AfterAll
    static void close() {
        student.close();
        data.close();
    }

    @Test
    void everyFileHasTheModelsOutputs() throws IOException {
        Path out = home.resolve("all");
        List<Exported> files = Exporter.of(student)
                .as(Format.SAFETENSORS, Format.ONNX, Format.TORCHSCRIPT, Format.ONNX)
                .verifiedOn(data, Split.TEST, 100)
                .export(out);
        assertThat(files).extracting(Exported::format).containsExactly(Format.values());
        for (Exported file : files) {
            Verification verification = file.verification();
            assertThat(verification).isNotNull();
            assertThat(verification.rows()).isEqualTo(100);
            assertThat(verification.passed(Precision.FP32)).isTrue();
            assertThat(verification.agreement()).isEqualTo(1);
            assertThat(verification.value()).isEqualTo(verification.modelValue());
            assertThat(file.file()).isRegularFile();
            assertThat(file.bytes()).isEqualTo(Files.size(file.file()));
            if (file.format() == Format.SAFETENSORS)
                assertThat(verification.largestDifference()).isZero();
            // The row-major layout changes rounding.
            if (file.format() == Format.TORCHSCRIPT)
                assertThat(verification.largestDifference()).isLessThan(1e-4);
        }
        try (SavedModel again = SavedModel.open(out.resolve("model.safetensors"), null)) {
            assertThat(again.sha256()).isEqualTo(student.sha256());
            assertThat(again.classNames()).isEqualTo(student.classNames());
        }
        String card = Files.readString(out.resolve(Exporter.CARD_NAME));
        assertThat(card)
                .contains(
                        "# cifar-resnet8, " + student.classes() + " classes",
                        "model.onnx",
                        "100 rows",
                        student.sha256());
        assertThat(home.toFile().list()).noneMatch(name -> name.startsWith("."));
    }

    @Test
    void pixelsInProbabilitiesOut() {
        Path out = home.resolve("pixels");
        Exported file = Exporter.of(student)
                .options(new OnnxFile.Options(true, true, true))
                .verifiedOn(data, Split.TEST, 50)
                .export(out)
                .get(0);
        assertThat(file.verification().agreement()).isEqualTo(1);
        try (OnnxModel model = OnnxModel.open(file.file(), 1)) {
            assertThat(model.output()).isEqualTo("probabilities");
            assertThat(model.inputs()).singleElement().hasToString("input float32 N×3×32×32");
            assertThat(model.metadata()).containsEntry("input", "pixels").containsKeys("classes", "mean", "image_size");
            float[] pixels = new float[2 * 3 * 32 * 32];
            float[] shares = model.run(pixels, 2, 3, 32, 32);
            double sum = 0;
            for (int c = 0; c < student.classes(); c++) sum += shares[c];
            assertThat(sum).isEqualTo(1, within(1e-5));
        }
    }

    @Test
    void smallerFilesHaveNearlyTheSameOutputs() throws IOException {
        long whole = 0;
        for (Precision precision : Precision.values()) {
            Exported file = Exporter.of(student)
                    .options(OnnxFile.Options.defaults().at(precision))
                    .verifiedOn(data, Split.TEST, 200)
                    .export(home.resolve("at-" + precision))
                    .get(0);
            Verification verification = file.verification();
            assertThat(verification.passed(precision)).isTrue();
            assertThat(verification.largestDifference()).isLessThan(0.2 * verification.largestOutput());
            if (precision == Precision.FP32) whole = file.bytes();
            if (precision == Precision.FP16) assertThat(file.bytes()).isLessThan((long) (0.6 * whole));
            if (precision == Precision.INT8) assertThat(file.bytes()).isLessThan((long) (0.45 * whole));
        }
        assertThatThrownBy(() -> Exporter.of(student)
                        .options(OnnxFile.Options.defaults().at(Precision.INT8))
                        .export(home.resolve("uncalibrated")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("int8 needs data to calibrate on; name some, and let them verify the file");
    }

    @Test
    @SuppressWarnings("NullAway")
    void aMissingArgumentIsNamed() {
        Task task = new Task.SingleLabel(List.of("a", "b"));
        assertThatThrownBy(() -> Exporter.of(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("model");
        assertThatThrownBy(() -> Exporter.of(student.module(), task, null)).hasMessage("preprocessing");
        assertThatThrownBy(() -> Exporter.of(student.module(), null, null)).hasMessage("task");
        assertThatThrownBy(() -> Exporter.of(null, home, task, null)).hasMessage("preprocessing");
    }

    @Test
    void halvesAreRoundedToTheNearest() {
        float[] values = {0, 1, -2, 65504, 1e9f, 0x1p-14f, 0x1p-24f, 0x1p-26f, 1.0009766f, 1.0004883f, 1.0014648f, -0.1f
        };
        int[] bits = {0, 0x3c00, 0xc000, 0x7bff, 0x7bff, 0x0400, 1, 0, 0x3c01, 0x3c00, 0x3c02, 0xae66};
        for (int i = 0; i < values.length; i++) {
            assertThat(Float16.of(values[i]) & 0xffff).as(values[i] + "").isEqualTo(bits[i]);
        }
    }

    /** Provide a module whose script differs from its computation. */
    private static final class Lying extends Module {
        private final Module inner;

        Lying() {
            inner = child("inner", Zoo.CIFAR_RESNET8.create(student.classes()));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return inner.apply(x);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return self.inner.forward(x) * 1.001
                    """;
        }
    }

    private static SavedModel holding(Module module) {
        module.eval();
        return new SavedModel(
                module,
                "cifar-resnet8",
                student.task(),
                true,
                student.preprocessing(),
                module.sha256(),
                home.resolve("nowhere.safetensors"),
                null,
                List.of());
    }

    /** Model and file agree on any inputs, so other inputs went unnoticed, and int8 got their ranges. */
    @Test
    void otherInputsVerifyNothing() {
        Path out = home.resolve("other-inputs");
        try (ImageData other = Datasets.open("shapes:40:10:10")
                .normalize(new double[] {0, 0, 0}, new double[] {1, 1, 1})
                .build()) {
            for (Precision precision : Precision.values()) {
                assertThatThrownBy(() -> Exporter.of(student)
                                .options(OnnxFile.Options.defaults().at(precision))
                                .verifiedOn(other, Split.TEST)
                                .export(out))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessage("expected rows prepared as "
                                + data.preprocessing().identity() + ", found "
                                + other.preprocessing().identity() + "; open the data with the model's preprocessing");
            }
        }
        assertThat(out).doesNotExist();
    }

    @Test
    void aFileWithOtherOutputsIsDeleted() {
        for (Format format : List.of(Format.ONNX, Format.TORCHSCRIPT)) {
            Path out = home.resolve("lying");
            try (SavedModel lying = holding(new Lying())) {
                assertThatThrownBy(() -> Exporter.of(lying)
                                .as(format)
                                .verifiedOn(data, Split.TEST, 20)
                                .export(out))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageStartingWith(
                                "the " + format + " file has other outputs than the model: they differ by")
                        .hasMessageEndingWith("nothing was written");
            }
            assertThat(out).doesNotExist();
            assertThat(home.toFile().list()).noneMatch(name -> name.startsWith("."));
        }
    }

    private static String refusal(Verification verification, Precision precision) {
        assertThat(verification.passed(precision)).isFalse();
        return catchThrowable(() -> verification.orThrow(Format.ONNX, precision))
                .getMessage();
    }

    @Test
    void theFailedCriterionIsNamed() {
        String start = "the onnx file has other outputs than the model: ";
        String lower =
                "; export it in fp16 or fp32 (--precision), or train it for int8 (--quantize); nothing was written";
        double none = Double.NaN;
        assertThat(refusal(new Verification(20, 0.3, 1, none, none, "cosine", 0.85, 1), Precision.INT8))
                .isEqualTo(start + "their mean cosine is 0.8500, expected at least 0.9" + lower);
        assertThat(refusal(new Verification(20, 0.3, 1, 0.85, none, "accuracy", 0.8, 1), Precision.INT8))
                .isEqualTo(start + "predictions agree on 17 of 20 rows, expected at least 90 %" + lower);
        assertThat(refusal(new Verification(20, 0.3, 1, none, 0.5, "mae", 0.8, 1), Precision.INT8))
                .isEqualTo(start + "R² of the file's as predictions of the model's is 0.5000, expected at least 0.9"
                        + lower);
        assertThat(refusal(new Verification(20, none, 1, 1, none, "accuracy", 0.8, 1), Precision.INT8))
                .isEqualTo(start + "they differ by NaN, expected numbers" + lower);
        assertThat(refusal(new Verification(20, 0.3, 2, 0.95, none, "accuracy", 0.8, 1), Precision.FP16))
                .isEqualTo(start + "they differ by 0.300, expected at most 0.0200 (1e-02 of the largest, 2.00); "
                        + "predictions agree on 19 of 20 rows, expected at least 99 %; export it in fp32 (--precision); "
                        + "nothing was written");
    }

    /** Provide a module without a script. */
    private static final class Silent extends Module {
        Silent() {
            child("stem", new Module() {
                @Override
                protected Tensor forward(Tensor x) {
                    return x;
                }
            });
        }

        @Override
        protected Tensor forward(Tensor x) {
            return x.flatten(1, -1).narrow(1, 0, student.classes());
        }

        @Override
        public String script() {
            return "def forward(self, x: Tensor):\n    return self.stem.forward(x)\n";
        }
    }

    /** Provide a module with an operation that ONNX export does not support. */
    private static final class Strange extends Module {
        private final Conv2d conv = child("conv", Conv2d.of(3, student.classes(), 3, 1, 1));

        @Override
        protected Tensor forward(Tensor x) {
            return Ops.sum(conv.apply(x).cumsum(1).flatten(2, -1), 2);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return torch.sum(torch.flatten(torch.cumsum(self.conv.forward(x), 1), 2), [2])
                    """;
        }
    }

    @Test
    void saysWhatItCannotWrite() {
        ImagePreprocessing preprocessing = ImagePreprocessing.of(student.preprocessing());
        try (Module silent = new Silent()) {
            assertThatThrownBy(() ->
                            Exporter.of(silent, student.task(), preprocessing).export(home.resolve("silent")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("layer stem: ")
                    .hasMessageContaining("has no script; override script() to make it exportable");
        }
        try (Module strange = new Strange()) {
            assertThatThrownBy(() ->
                            Exporter.of(strange, student.task(), preprocessing).export(home.resolve("strange")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("operation 2 of 4, aten::cumsum after aten::conv2d, can't be written as ONNX: "
                            + "there is no counterpart for it here");
        }
        assertThatThrownBy(() -> Exporter.of(student).export(home))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(home + " exists; choose another --out, or remove it");
        assertThat(home.resolve("silent")).doesNotExist();
        assertThat(home.resolve("strange")).doesNotExist();
    }

    /** Compute the mean over feature maps by a given TorchScript expression. */
    private static final class Said extends Module {
        private final String expression;

        Said(String expression) {
            this.expression = expression;
            child("conv", Conv2d.of(3, student.classes(), 3, 1, 1));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return children().get("conv").apply(x).mean(2, 3);
        }

        @Override
        public String script() {
            return "def forward(self, x: Tensor):\n    y = self.conv.forward(x)\n    return " + expression + "\n";
        }
    }

    /** Variants of known operations with another meaning must not be exported as the standard operation. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.dropout(torch.mean(y, [2, 3]), 0.5, True)             | aten::dropout | it is random",
                "torch.div(torch.mean(y, [2, 3]), 2, rounding_mode=\"floor\")   | aten::div | it rounds",
                "torch.mean(y, [2, 3]).to(3)                                  | aten::to | it converts to another type",
                "torch.squeeze(torch.mean(y, [2, 3], True))                   | aten::squeeze | this form of it",
                "torch.sub(torch.mean(y, [2, 3]), 1, alpha=2)                 | aten::sub | its factor is not 1",
                "torch.gelu(torch.mean(y, [2, 3]), approximate=\"tanh\")      | aten::gelu | it is the tanh form",
                "torch.conv_transpose2d(y, torch.mean(y, [2, 3]))             | aten::conv_transpose2d | no counterpart"
            })
    void formsThatMeanSomethingElseAreNamed(String expression, String operation, String reason) {
        try (Module said = new Said(expression)) {
            Path out = home.resolve("said");
            assertThatThrownBy(() -> Exporter.of(said, student.task(), ImagePreprocessing.of(student.preprocessing()))
                            .export(out))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("operation ")
                    .hasMessageContaining(operation)
                    .hasMessageContaining(reason);
            assertThat(out).doesNotExist();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.mean(torch.clamp(y, -0.1, 0.2), [2, 3])",
                "torch.mean(torch.clamp(y, max=0.1), [2, 3])",
                "torch.mean(torch.clamp_min(y, 0.1), [2, 3])",
                "torch.mean(torch.rsub(y, 1), [2, 3])",
                "torch.mean(torch.pow(y, 2), [2, 3])",
                "torch.sum(y, [2, 3])",
                "torch.squeeze(torch.squeeze(torch.sum(y, [2, 3], True), -1), -1)",
                "torch.mean(torch.elu(y, 0.5), [2, 3])",
                "torch.mean(torch.pad(y, [1, 0, 2, 1]), [2, 3])",
                "torch.mean(torch.mul(y, torch.mean(y, [1], True)), [2, 3])",
                "torch.mean(y, [2, 3]).to(6)"
            })
    void operationsOfOtherPeoplesNetworksAreWritten(String expression) {
        ImagePreprocessing preprocessing = ImagePreprocessing.of(student.preprocessing());
        Path file = home.resolve("other-peoples.onnx");
        Tensors.seed(2);
        try (Module said = new Said(expression);
                Script script = ScriptWriter.compile(said);
                Scope scope = Scope.open()) {
            OnnxFile.write(
                    file,
                    OnnxFile.of(
                            script,
                            ImageTensors.specs(preprocessing),
                            preprocessing.normalization(),
                            Task.Kind.SINGLE_LABEL,
                            student.classes(),
                            Map.of(),
                            OnnxFile.Options.defaults()));
            Tensor x = Tensors.randn(3, 3, 32, 32);
            try (OnnxModel model = OnnxModel.open(file, 1)) {
                assertThat(Tensors.toFloats(model.forward(Inputs.of(x))))
                        .containsExactly(Tensors.toFloats(script.forward(x)), within(1e-3f));
            }
        }
    }

    @Test
    void outputsMustBeAsManyAsClasses() {
        try (Module own = new Own()) {
            assertThatThrownBy(() -> Exporter.of(
                                    own,
                                    new Task.SingleLabel(List.of("cat", "dog")),
                                    ImagePreprocessing.of(student.preprocessing()))
                            .export(home.resolve("two")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageEndingWith("returns 3×" + student.classes()
                            + " outputs for three rows; expected 3×2, one column per class");
        }
        assertThat(home.resolve("two")).doesNotExist();
    }

    @Test
    void choicesWithoutEffectAreRefused() {
        assertThatThrownBy(() -> Exporter.of(student)
                        .as(Format.TORCHSCRIPT)
                        .options(new OnnxFile.Options(true, false, true))
                        .export(home.resolve("no-effect")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("normalization, softmax, precision and batch norms are chosen for ONNX files, found only "
                        + "torchscript; add onnx to the formats");
    }

    /** An interrupted run stores its work under that name. */
    @Test
    void leavesTheNeighborhoodAlone() throws IOException {
        Path neighbor = Files.createDirectories(home.resolve("mine.unfinished"));
        Files.writeString(neighbor.resolve("checkpoint"), "hours of work");
        Exporter.of(student).export(home.resolve("mine"));
        assertThat(neighbor.resolve("checkpoint")).hasContent("hours of work");
    }

    @Test
    void brokenFilesAreRefusedInOneLine() throws IOException {
        Path text = Files.writeString(home.resolve("text.onnx"), "no model");
        Path out = home.resolve("to-break");
        Path good = Exporter.of(student).export(out).get(0).file();
        Path cut = home.resolve("cut.onnx");
        Files.copy(good, cut);
        try (RandomAccessFile file = new RandomAccessFile(cut.toFile(), "rw")) {
            file.setLength(file.length() / 2);
        }
        for (Path broken : List.of(text, cut)) {
            assertThatThrownBy(() -> OnnxModel.open(broken, 1).close())
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith(broken + " is not an ONNX file that can be run: ")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        }
        assertThatThrownBy(() -> OnnxModel.open(home.resolve("none.onnx"), 1).close())
                .hasMessage("no ONNX file at " + home.resolve("none.onnx"));
    }

    @Test
    void aForeignScriptIsWrittenToo() throws IOException {
        Path file = home.resolve("foreign.pt");
        try (Script own = ScriptWriter.compile(student.module())) {
            own.save(file, Map.of());
        }
        ImagePreprocessing preprocessing = ImagePreprocessing.of(student.preprocessing());
        try (Script foreign = TorchScriptFile.open(file).load()) {
            Exporter exporter = Exporter.of(foreign, file, student.task(), preprocessing);
            Exported written = exporter.verifiedOn(data, Split.TEST, 60)
                    .export(home.resolve("foreign"))
                    .get(0);
            assertThat(written.verification().agreement()).isEqualTo(1);
            assertThat(Files.readString(home.resolve("foreign").resolve(Exporter.CARD_NAME)))
                    .contains("# foreign.pt, " + student.classes() + " classes", "Not known: there is no run.json");
            // Before ONNX is converted, which a refusal would throw away.
            List<String> tooMany = IntStream.rangeClosed(0, student.classes())
                    .mapToObj(i -> "class " + i)
                    .toList();
            Exporter unfit = Exporter.of(foreign, file, new Task.SingleLabel(tooMany), preprocessing);
            assertThatThrownBy(() -> unfit.as(Format.ONNX, Format.SAFETENSORS).export(home.resolve("foreign-weights")))
                    .hasMessageContaining("have no names that others know");
            assertThatThrownBy(() -> exporter.as(Format.SAFETENSORS).export(home.resolve("foreign-weights")))
                    .hasMessage("the weights of foreign.pt have no names that others know; "
                            + "export it as onnx or torchscript");
        }
    }

    /** Provide a network that is not in the zoo, whose classifier is a convolution. */
    private static final class Own extends Module {
        private final Conv2d conv = child("conv", Conv2d.of(3, student.classes(), 3, 2, 1));

        @Override
        protected Tensor forward(Tensor x) {
            return conv.apply(x).mean(2, 3);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return torch.mean(self.conv.forward(x), [2, 3])
                    """;
        }
    }

    @Test
    void aCustomNetworkIsWrittenInEveryFormat() {
        try (Module own = new Own()) {
            List<Exported> files = Exporter.of(own, student.task(), ImagePreprocessing.of(student.preprocessing()))
                    .as(Format.values())
                    .verifiedOn(data, Split.TEST, 40)
                    .export(home.resolve("own"));
            assertThat(files).hasSize(3).allMatch(file -> file.verification().passed(Precision.FP32));
        }
    }

    /** Int8 has no bound on single outputs, so a file with other numbers was accepted. */
    @Test
    void numbersMustBeThoseOfTheModel() {
        Task.Regression task = new Task.Regression(List.of("a", "b"), List.of(0.0, 0.0), List.of(1.0, 1.0));
        Targets targets = Targets.values(2, 1, 2, 3, 4, 5, 6);
        Predictions model = new Predictions(new float[] {1, 2, 3, 4, 5, 6}, 2, task, targets);
        Predictions near = new Predictions(new float[] {1.1f, 2, 2.9f, 4.1f, 5, 6}, 2, task, targets);
        Predictions constant = new Predictions(new float[] {1, 4, 3, 4, 5, 4}, 2, task, targets);
        assertThat(Verification.of(model, near, false, Task.Kind.REGRESSION).passed(Precision.INT8))
                .isTrue();
        Verification other = Verification.of(model, constant, false, Task.Kind.REGRESSION);
        assertThat(other.explained()).isCloseTo(0, within(1e-9));
        assertThat(other.passed(Precision.INT8)).isFalse();
    }
}
