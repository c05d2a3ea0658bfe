package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Modalities;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.nn.AdaptiveAvgPool2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.SqueezeExcitation;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedModelTest {
    @TempDir
    Path folder;

    private Path file;
    private String sha256;

    @BeforeEach
    void save() {
        file = folder.resolve("run").resolve(SavedModel.FILE_NAME);
        GivenBatches data =
                Toy.data(1, 4).named("cat", "\"dog\", big", "Größe").prepared(Map.of("mean", "0.5,0.5,0.5"));
        try (Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.save(file);
            sha256 = learner.model().sha256();
        }
    }

    @Test
    void opensARunDirectoryOrItsFile() {
        for (Path path : new Path[] {file, file.getParent()}) {
            try (SavedModel model = SavedModel.open(path, null)) {
                assertThat(model.architecture()).isEqualTo("cifar-resnet8");
                assertThat(model.classNames()).containsExactly("cat", "\"dog\", big", "Größe");
                assertThat(model.classes()).isEqualTo(3);
                assertThat(model.preprocessing())
                        .containsEntry("mean", "0.5,0.5,0.5")
                        .containsKeys("std", "image_size", "resize");
                assertThat(model.sha256())
                        .isEqualTo(sha256)
                        .isEqualTo(model.module().sha256());
                assertThat(model.file()).isEqualTo(file);
                assertThat(model.module().isTraining()).isFalse();
            }
        }
    }

    @Test
    void theRightArchitectureMayBeNamedAndAnotherIsRefused() {
        SavedModel.open(file, Zoo.CIFAR_RESNET8).close();
        refused(
                file,
                "CIFAR_RESNET14",
                file + " is a cifar-resnet8, but cifar-resnet14 was requested; leave the architecture out");
    }

    @Test
    void aFileThatDoesNotSayItsArchitectureNeedsItNamed() {
        Path bare = rewritten(state -> state.metadata().clear());
        try (SavedModel model = SavedModel.open(bare, Zoo.CIFAR_RESNET8)) {
            assertThat(model.classes()).as("read off the classifier").isEqualTo(3);
            assertThat(model.classNames()).isEmpty();
            assertThat(model.preprocessing()).isEmpty();
            assertThat(model.sha256()).isEqualTo(sha256);
        }
        assertThatThrownBy(() -> SavedModel.open(bare, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(bare
                        + " does not contain its architecture; set it (--arch, for a teacher --teacher-arch) to one of "
                        + String.join(", ", Zoo.names()));
        assertThatThrownBy(() -> SavedModel.open(bare, Zoo.CIFAR_RESNET14))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(
                        bare + ": the weights do not fit cifar-resnet14: missing: layer1.1.conv1.weight");
    }

    @Test
    void saysWhatIsMissing() {
        Path nothing = folder.resolve("nothing");
        String rest = "; expected a run directory with model.safetensors, a .safetensors file or a PyTorch checkpoint";
        refused(nothing, null, "no model at " + nothing + rest);
        refused(folder, null, "no model at " + folder + rest);
    }

    @Test
    void anArchitectureThatNobodyKnowsIsAnsweredWithTheNearest() {
        Path unknown = rewritten(state -> state.metadata().put("architecture", "cifar-resnet9"));
        assertThatThrownBy(() -> SavedModel.open(unknown, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("no architecture 'cifar-resnet9'; nearest: cifar-resnet8");
    }

    @Test
    void aUsersOwnModuleIsRefusedAsUnknown() {
        Path own = folder.resolve("own.safetensors");
        try (Learner learner = Learner.create(Toy.data(1, 4), TinyNet.ARCHITECTURE)) {
            learner.save(own);
        }
        assertThatThrownBy(() -> SavedModel.open(own, null))
                .hasMessageStartingWith("no architecture 'tiny'; nearest: ");
        try (SavedModel model = SavedModel.open(own, TinyNet.ARCHITECTURE)) {
            assertThat(model.classes()).isEqualTo(3);
        }
    }

    /** Its classifier is a convolution, as SqueezeNet's, and is followed or preceded by layers with matrices. */
    private static final class Squeeze extends Module {
        private final Conv2d stem = child("stem", Conv2d.of(3, 8, 3, 2, 1));
        private final Conv2d classifier;
        private final @Nullable SqueezeExcitation behind;
        private final AdaptiveAvgPool2d pool = child("pool", new AdaptiveAvgPool2d(1, 1));

        Squeeze(long classes, boolean hasMatrices) {
            if (hasMatrices) child("squeeze", new Linear(4, 6));
            classifier = child("classifier", Conv2d.of(8, classes, 1, 1, 0));
            behind = hasMatrices ? child("behind", SqueezeExcitation.smooth(classes, 2)) : null;
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor logits = classifier.apply(relu_(stem.apply(x)));
            if (behind != null) logits = behind.apply(logits);
            return pool.apply(logits).flatten(1, -1);
        }

        @Override
        public String describe() {
            return "squeeze";
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theClassifierNeedNotBeTheLastMatrix(boolean hasMatrices) {
        Architecture squeeze = new Architecture("squeeze", 32, classes -> new Squeeze(classes, hasMatrices));
        Path own = folder.resolve("squeeze.safetensors");
        try (Learner learner = Learner.create(Toy.data(1, 4), squeeze)) {
            learner.save(own);
            try (SavedModel model = SavedModel.open(own, squeeze)) {
                assertThat(model.classes()).isEqualTo(3);
                assertThat(model.sha256()).isEqualTo(learner.model().sha256());
            }
        }
        if (hasMatrices) return;
        Path foreign = rewritten(own, state -> state.metadata().clear());
        try (SavedModel model = SavedModel.open(foreign, squeeze)) {
            assertThat(model.classes()).isEqualTo(3);
            assertThat(model.classNames()).isEmpty();
            assertThat(model.module().predict(Toy.images(1, 2, 1)).size(1)).isEqualTo(3);
        }
    }

    /** A distilled DeiT has two classifiers, of any number of classes. */
    @Test
    void aNetworkMayHaveTwoClassifiers() {
        Path deit = folder.resolve("deit.safetensors");
        Architecture architecture = Zoo.byName("deit_tiny_distilled_patch16_224");
        try (Module network = architecture.create(3);
                StateDict state = network.stateDict()) {
            Safetensors.write(state, deit);
            try (SavedModel model = SavedModel.open(deit, architecture)) {
                assertThat(model.classes()).isEqualTo(3);
                assertThat(model.sha256()).isEqualTo(network.sha256());
            }
        }
        Path uneven = rewritten(deit, state -> {
            state.put("head_dist.weight", Scope.retain(Tensors.zeros(DType.FLOAT32, 4, 192)));
            state.put("head_dist.bias", Scope.retain(Tensors.zeros(DType.FLOAT32, 4)));
        });
        assertThatThrownBy(() -> SavedModel.open(uneven, architecture))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(uneven + " has 3 classes in 'head.weight' and 4 in 'head_dist.weight'; expected as many in "
                        + "both; it is not a deit_tiny_distilled_patch16_224");
    }

    /** Test a file from another program: its names are used if they fit, and each decision is logged. */
    @Test
    void namesThatTrainingScriptsLeaveAreUsedAndSaid() {
        foreign(
                Map.of("class_to_idx", "{\"cat\": 0, \"elk\": 2, \"dog\": 1}"),
                List.of("cat", "dog", "elk"),
                "its class names come from its 'class_to_idx'");
        foreign(
                Map.of("classes", "['a', 'b']"),
                List.of(),
                "its 'classes' has 2 names, its classifier 3 classes; they are ignored");
        foreign(
                Map.of("classes", "['a', 'b', 'c']", "names", "{0: 'b', 1: 'a', 2: 'c'}"),
                List.of(),
                "its 'classes' and its 'names' disagree about its classes; both are ignored");
    }

    /** A classifier has outputs for each task; what they are for, only its trainer knows. */
    @Test
    void aForeignNetworkHasTheTaskOfTheRows() {
        List<String> names = List.of("a", "b", "c");
        Task.Regression numbers = new Task.Regression(names, List.of(1.0, 2.0, 3.0), List.of(4.0, 5.0, 6.0));
        Path bare = rewritten(state -> state.metadata().clear());
        try (SavedModel model = SavedModel.open(bare, Zoo.CIFAR_RESNET8);
                SavedModel own = SavedModel.open(file, null)) {
            assertThat(model.knowsTask()).isFalse();
            assertThat(own.knowsTask()).isTrue();
            Teacher foreign = ModuleTeacher.of(model);
            assertThat(foreign.task(new Task.SingleLabel(names))).isEqualTo(new Task.SingleLabel(names));
            assertThat(foreign.task(new Task.MultiLabel(names))).isEqualTo(new Task.MultiLabel(names));
            assertThat(foreign.task(numbers)).as("in the targets' units").isEqualTo(new Task.Regression(names));
            assertThat(foreign.task(new Task.Embedding()).kind()).isEqualTo(Task.Kind.SINGLE_LABEL);
            assertThat(ModuleTeacher.of(own).task(numbers).kind()).isEqualTo(Task.Kind.SINGLE_LABEL);
            assertThat(ModuleTeacher.of(model.module(), names).task(numbers)).isEqualTo(numbers);
            assertThat(MappedTeacher.matching(foreign, false, Map.of(), numbers).task(numbers))
                    .isEqualTo(numbers);
            Task given = model.withTaskFor(new Task.MultiLabel(names)).task();
            assertThat(given).isEqualTo(new Task.MultiLabel(names));
        }
    }

    private void foreign(Map<String, String> metadata, List<String> names, String note) {
        Path path = rewritten(state -> {
            state.metadata().clear();
            state.metadata().putAll(metadata);
        });
        try (SavedModel model = SavedModel.open(path, Zoo.CIFAR_RESNET8)) {
            assertThat(model.classNames()).isEqualTo(names);
            assertThat(model.notes()).containsExactly(path + ": " + note);
        }
    }

    @Test
    void weightsThatAreNoNumbersAreRefused() {
        Path path = rewritten(state -> {
            try (Scope scope = Scope.open()) {
                state.put(
                        "linear.bias",
                        Scope.retain(Tensors.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY}, 3)));
            }
        });
        assertThatThrownBy(() -> SavedModel.open(path, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("tensor 'linear.bias' holds NaN");
    }

    @Test
    void damagedMetadataIsAnsweredInOneLine() {
        for (String classes : new String[] {"cat, dog", "{\"cat\": 1}", "[null, \"a\", \"b\"]", "null"}) {
            Path damaged = rewritten(state -> state.metadata().put("classes", classes));
            refused(
                    damaged,
                    null,
                    damaged
                            + " must store its classes as a JSON list such as [\"cat\", \"dog\"], found other text; export it again");
        }
        Path short2 = rewritten(state -> state.metadata().put("classes", "[\"cat\", \"dog\"]"));
        refused(short2, null, short2 + " names 2 classes, but its classifier has 3");
    }

    @Test
    void aFileWithoutAClassifierIsNoModel() {
        Path headless = folder.resolve("headless.safetensors");
        try (StateDict state = new StateDict()) {
            state.put("conv1.weight", Scope.retain(Tensors.zeros(DType.FLOAT32, 2, 3, 1, 1)));
            Safetensors.write(state, headless);
        }
        refused(
                headless,
                "CIFAR_RESNET8",
                headless + ": the weights do not fit cifar-resnet8: missing: bn1.weight, bn1.bias, bn1.running_mean,"
                        + " bn1.running_var and 32 more; other shapes: conv1.weight (expected 16×3×3×3, found 2×3×1×1)");
        Path empty = folder.resolve("empty.safetensors");
        classifier(empty, 0);
        refused(
                empty,
                "CIFAR_RESNET8",
                empty
                        + " has a classifier 'linear.weight' of 0 classes; expected 1 to 100000; it is not a cifar-resnet8");
    }

    @Test
    void aFileDoesNotMakeANetworkOfAnySize() {
        Path vast = folder.resolve("vast.safetensors");
        classifier(vast, 200_000);
        refused(
                vast,
                "CIFAR_RESNET8",
                vast + " has a classifier 'linear.weight' of 200000 classes; expected 1 to 100000; it is not a"
                        + " cifar-resnet8");
    }

    @Test
    void metadataDoNotAskForMemoryThatTheWeightsDoNotHave() {
        String vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]";
        TextPreprocessing texts = new TextPreprocessing(
                "text", new WordPiece(List.of(vocabulary.split("\n")), WordPiece.Rules.uncased(), 8));
        Path vast = rewritten(state -> {
            state.metadata().putAll(Modalities.metadata(texts));
            state.metadata().put("architecture", "bert-L99-H9984-A12");
        });
        refused(
                vast,
                null,
                vast
                        + " is not a bert-L99-H9984-A12: its sizes need many more numbers than it has; expected a file with all"
                        + " weights of the network");
    }

    /** Write the weights with a classifier of another size. */
    private void classifier(Path to, long classes) {
        try (StateDict state = Safetensors.read(file)) {
            state.metadata().clear();
            state.put("linear.weight", Scope.retain(Tensors.zeros(DType.FLOAT32, classes, 64)));
            state.put("linear.bias", Scope.retain(Tensors.zeros(DType.FLOAT32, classes)));
            Safetensors.write(state, to);
        }
    }

    @Test
    void openingLeavesTheModelAsItIs() {
        try (SavedModel model = SavedModel.open(file, null);
                Scope scope = Scope.open()) {
            Module module = model.module();
            module.predict(Tensors.randn(2, 3, 8, 8));
            assertThat(module.sha256()).isEqualTo(model.sha256());
        }
    }

    private void refused(Path path, String architecture, String message) {
        assertThatThrownBy(() -> SavedModel.open(
                        path,
                        architecture == null
                                ? null
                                : Zoo.byName(architecture
                                        .toLowerCase(java.util.Locale.ROOT)
                                        .replace('_', '-'))))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(message);
    }

    private Path rewritten(Consumer<StateDict> change) {
        return rewritten(file, change);
    }

    private Path rewritten(Path of, Consumer<StateDict> change) {
        Path other = folder.resolve("other.safetensors");
        try (StateDict state = Safetensors.read(of)) {
            change.accept(state);
            Safetensors.write(state, other);
        }
        return other;
    }
}
