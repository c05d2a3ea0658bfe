package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Modalities;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        Path other = folder.resolve("other.safetensors");
        try (StateDict state = Safetensors.read(file)) {
            change.accept(state);
            Safetensors.write(state, other);
        }
        return other;
    }
}
