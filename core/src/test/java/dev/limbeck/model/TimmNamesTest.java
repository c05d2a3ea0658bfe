package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.Toy;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test safetensors files from Python, such as timm's on the Hugging Face Hub, whose keys are in alphabetical order. */
class TimmNamesTest {
    private static final int CLASSES = 5;

    @TempDir
    Path home;

    /**
     * Return the layers of a timm network in order.
     *
     * @param blocks by stage: the kind (timm's blocks ds and ir, or cn for a convolution), the number of blocks, and se
     *     for squeeze-and-excitation
     * @param headOfBody whether a convolution with batch norm precedes the pooling
     */
    private static List<String> layers(String blocks, boolean headOfBody) {
        List<String> layers = new ArrayList<>(List.of("conv_stem", "bn1"));
        String[] stages = blocks.split(" ");
        for (int stage = 0; stage < stages.length; stage++) {
            String squeeze = stages[stage].endsWith("se") ? "se.conv_reduce se.conv_expand " : "";
            String inside = switch (stages[stage].substring(0, 2)) {
                case "ds" -> "conv_dw bn1 " + squeeze + "conv_pw bn2";
                case "ir" -> "conv_pw bn1 conv_dw bn2 " + squeeze + "conv_pwl bn3";
                default -> "conv bn1";
            };
            for (int block = 0; block < stages[stage].charAt(2) - '0'; block++) {
                for (String layer : inside.split(" ")) layers.add("blocks." + stage + "." + block + "." + layer);
            }
        }
        if (headOfBody) layers.addAll(List.of("conv_head", "bn2"));
        return layers;
    }

    /** Write a network's body under timm's names with a classifier like timm's, in alphabetical order. */
    private Path written(Module network, List<String> layers, boolean layerBefore) {
        Path file = home.resolve("timm.safetensors");
        try (Scope scope = Scope.open();
                StateDict own = network.stateDict();
                StateDict sorted = new StateDict()) {
            Map<String, Tensor> tensors = new TreeMap<>();
            Iterator<String> theirs = layers.iterator();
            String module = "";
            String timm = "";
            for (String name : own.names()) {
                if (name.startsWith("classifier")) continue;
                String layer = name.substring(0, name.lastIndexOf('.'));
                if (!layer.equals(module)) timm = theirs.next();
                module = layer;
                tensors.put(timm + name.substring(layer.length()), own.get(name));
            }
            tensors.put("classifier.bias", Tensors.of(new float[CLASSES], CLASSES));
            tensors.put("classifier.weight", Tensors.of(new float[2 * CLASSES], CLASSES, 2));
            if (layerBefore) tensors.put("conv_head.weight", Tensors.of(new float[8], 8));
            tensors.forEach((name, tensor) -> sorted.put(name, Scope.retain(Tensors.copy(tensor))));
            Safetensors.write(sorted, file);
        }
        return file;
    }

    /** Give each tensor other numbers, so that none can stand for another. */
    private static void randomize(Module network) {
        try (Scope scope = Scope.open();
                StateDict state = network.stateDict()) {
            for (String name : List.copyOf(state.names())) {
                if (name.endsWith("num_batches_tracked")) continue;
                Tensor random = Tensors.randn(state.get(name).shape());
                // Some variances are near 0, as those of channels that are hardly used.
                Tensor value = name.endsWith("running_var") ? Ops.pow(random, 4) : random;
                state.put(name, Scope.retain(value));
            }
            network.load(state);
        }
    }

    private void assertRead(Path file, Architecture architecture, Module network) {
        List<String> log = new ArrayList<>();
        try (Learner learner = Learner.builder(Toy.data(2, 4), architecture)
                        .weights(file)
                        .log(log::add)
                        .build();
                StateDict read = learner.model().stateDict();
                StateDict own = network.stateDict()) {
            assertThat(log).singleElement().asString().endsWith("; its classifier of 5 classes is ignored");
            for (String name : own.names()) {
                if (name.startsWith("classifier") || name.endsWith("num_batches_tracked")) continue;
                String module = name.substring(0, name.lastIndexOf('.'));
                if (learner.model().module(module) instanceof BatchNorm2d norm && norm.eps() != 1e-5) {
                    if (name.endsWith("weight")) assertSameNorm(norm, own, module);
                    if (name.endsWith("weight")) continue;
                }
                assertThat(Tensors.toFloats(read.get(name))).as(name).isEqualTo(Tensors.toFloats(own.get(name)));
            }
        }
    }

    /** A layer computes what timm's computes, whose eps is PyTorch's. */
    private static void assertSameNorm(BatchNorm2d norm, StateDict own, String module) {
        try (Scope scope = Scope.open()) {
            Tensor mean = own.get(module + ".running_mean");
            Tensor x = Tensors.randn(2, mean.size(0), 1, 1);
            Tensor expected = LayerOps.batchNorm(
                    x,
                    own.get(module + ".weight"),
                    own.get(module + ".bias"),
                    mean,
                    own.get(module + ".running_var"),
                    false,
                    0.1,
                    1e-5);
            norm.eval();
            float[] found = Tensors.toFloats(norm.predict(x));
            float[] wanted = Tensors.toFloats(expected);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).isEqualTo(wanted[i], within(1e-4f * Math.max(1, Math.abs(wanted[i]))));
            }
        }
    }

    /** Write a plain network's body under the numbers that a list of layers gives them. */
    private Path numbered(Module network, boolean sorted) {
        Path file = home.resolve("numbered.safetensors");
        try (Scope scope = Scope.open();
                StateDict own = network.stateDict();
                StateDict written = new StateDict()) {
            Map<String, Tensor> tensors = sorted ? new TreeMap<>() : new LinkedHashMap<>();
            for (String name : own.names()) {
                tensors.put(name.replace("features.", "").replace("classifier", "99"), own.get(name));
            }
            tensors.forEach((name, tensor) -> written.put(name, Scope.retain(Tensors.copy(tensor))));
            Safetensors.write(written, file);
        }
        return file;
    }

    @ParameterizedTest
    @CsvSource({
        "small-cnn-16-32, false",
        "small-cnn-16-32, true",
        // In alphabetical order, layers 12 and 16 stand before 4 and 8, and have their shapes.
        "small-cnn-16-16-16-16-16, false",
        "small-cnn-16-16-16-16-16, true"
    })
    void numberedLayersAreReadInTheirOrder(String architecture, boolean sorted) {
        Tensors.seed(5);
        try (Module network = Zoo.byName(architecture).create(CLASSES)) {
            randomize(network);
            assertRead(numbered(network, sorted), Zoo.byName(architecture), network);
        }
    }

    /** A batch norm's four tensors have one shape: where their names say that they are others, they are not read. */
    @Test
    void tensorsOfOneShapeAreNotTakenForEachOther() {
        Path file = home.resolve("bare.safetensors");
        try (Module network = Zoo.byName("small-cnn-16-32").create(CLASSES);
                Scope scope = Scope.open();
                StateDict own = network.stateDict();
                StateDict written = new StateDict()) {
            for (String name : own.names()) {
                String other = name.replace("features.", "")
                        .replace("running_mean", "swapped")
                        .replace("running_var", "running_mean")
                        .replace("swapped", "running_var");
                if (name.startsWith("features"))
                    other = "layer" + written.names().size() + "." + ending(other);
                written.put(other, Scope.retain(Tensors.copy(own.get(name))));
            }
            Safetensors.write(written, file);
        }
        assertThatThrownBy(() -> Learner.builder(Toy.data(2, 4), Zoo.byName("small-cnn-16-32"))
                        .weights(file)
                        .build())
                .hasMessageContaining(" has no weights of small-cnn-16-32");
    }

    private static String ending(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "mobilenet_v2, ds1 ir2 ir3 ir4 ir3 ir3 ir1, false",
        "mobilenet_v3_small, ds1se ir2 ir3se ir2se ir3se cn1, true",
        "efficientnet_b0, ds1se ir2se ir2se ir3se ir3se ir4se ir1se, false",
    })
    void sortedFilesAreReadByTheirNames(String architecture, String blocks, boolean layerBefore) {
        Tensors.seed(5);
        try (Module network = Zoo.byName(architecture).create(CLASSES)) {
            randomize(network);
            assertRead(written(network, layers(blocks, !layerBefore), layerBefore), Zoo.byName(architecture), network);
        }
    }

    /** In timm's VGG, only the classifier has different names. */
    @Test
    void namesThatNoProgramWritesAreSortedToo() {
        List<String> names = List.of("conv_stem.weight", "blocks.99999999999999.0.bn1.weight", "...", ".", "");
        assertThat(TimmOrder.of(names)).containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void namesOfTheBodyAreEnough() {
        Path file = home.resolve("vgg.safetensors");
        try (Module network = Zoo.VGG11_BN.create(CLASSES);
                Scope scope = Scope.open();
                StateDict own = network.stateDict();
                StateDict sorted = new StateDict()) {
            Map<String, Tensor> tensors = new TreeMap<>();
            own.names().stream()
                    .filter(name -> name.startsWith("features"))
                    .forEach(name -> tensors.put(name, own.get(name)));
            tensors.put("head.fc.weight", Tensors.of(new float[2 * CLASSES], CLASSES, 2));
            tensors.put("pre_logits.fc1.weight", Tensors.of(new float[8], 8));
            tensors.forEach((name, tensor) -> sorted.put(name, Scope.retain(Tensors.copy(tensor))));
            Safetensors.write(sorted, file);
            assertRead(file, Zoo.VGG11_BN, network);
        }
    }

    @Test
    void anotherArchitectureIsRecognizedByTimmsNamesToo() {
        try (Module network = Zoo.MOBILENET_V2.create(CLASSES)) {
            Path file = written(network, layers("ds1 ir2 ir3 ir4 ir3 ir3 ir1", true), false);
            assertThatThrownBy(() -> Learner.builder(Toy.data(2, 4), Zoo.CIFAR_RESNET8)
                            .weights(file)
                            .build())
                    .hasMessageEndingWith("; it looks like mobilenet_v2, use that (--arch)");
        }
    }
}
