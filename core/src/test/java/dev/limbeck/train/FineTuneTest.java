package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Data;
import dev.limbeck.io.Checksum;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.LayerLearningRates;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.PretrainedWeights;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineTuneTest {
    @TempDir
    Path home;

    private static Data data() {
        return Toy.data(2, 4);
    }

    /** Write a network with another number of classes; a caller may change its names. */
    private Path written(UnaryOperator<String> names) {
        Path file = home.resolve("trained.safetensors");
        Tensors.seed(11);
        try (Module network = Zoo.CIFAR_RESNET8.create(7);
                StateDict own = network.stateDict();
                StateDict state = own.renamed(names)) {
            Safetensors.write(state, file);
        }
        return file;
    }

    private static Map<String, float[]> values(Module network) {
        try (StateDict state = network.stateDict()) {
            Map<String, float[]> values = new LinkedHashMap<>();
            state.names().stream()
                    .filter(name -> !name.endsWith("num_batches_tracked"))
                    .forEach(name -> values.put(name, Tensors.toFloats(state.get(name))));
            return values;
        }
    }

    @Test
    void aBodyIsReadBelowANewHeadAndFrozenButForBatchNorms() {
        Path file = written(name -> name);
        List<String> log = new ArrayList<>();
        try (Learner learner = tuned(file, log);
                StateDict source = Safetensors.read(file)) {
            assertThat(learner.architecture()).isEqualTo("cifar-resnet8+concat");
            assertThat(log).singleElement().asString().endsWith("; its classifier of 7 classes is ignored");
            values(learner.model()).forEach((name, values) -> {
                if (!name.startsWith("linear.")) assertThat(values).isEqualTo(Tensors.toFloats(source.get(name)));
            });
            List<String> trained = learner.model().parameters().entrySet().stream()
                    .filter(entry -> entry.getValue().requires_grad())
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(trained)
                    .contains("bn1.weight", "layer1.0.bn2.bias", "linear.2.weight", "linear.6.weight")
                    .noneMatch(name -> name.contains("conv"));

            Map<String, float[]> before = values(learner.model());
            learner.fit(1, 0.1);
            Map<String, float[]> after = values(learner.model());
            assertThat(after.get("layer2.0.conv1.weight")).isEqualTo(before.get("layer2.0.conv1.weight"));
            assertThat(after.get("layer2.0.bn1.weight")).isNotEqualTo(before.get("layer2.0.bn1.weight"));
            assertThat(after.get("layer2.0.bn1.running_mean")).isNotEqualTo(before.get("layer2.0.bn1.running_mean"));
            assertThat(after.get("linear.6.weight")).isNotEqualTo(before.get("linear.6.weight"));

            learner.freezeTo(1);
            assertThat(learner.model().parameters().get("layer3.0.conv1.weight").requires_grad())
                    .isTrue();
            assertThat(learner.model().parameters().get("layer2.0.conv1.weight").requires_grad())
                    .isFalse();
            learner.unfreeze();
            assertThat(learner.model().parameters().values()).allMatch(Tensor::requires_grad);
            assertThatThrownBy(() -> learner.freezeTo(3))
                    .hasMessage("there are 3 groups of layers; expected a group from -3 to 2, found 3");
        }
    }

    @Test
    void aSavedNetworkWithTheNewHeadIsOpenedAgain() {
        Path saved = home.resolve("tuned.safetensors");
        try (Learner learner = Learner.builder(data(), Zoo.CIFAR_RESNET8)
                .weights(written(name -> name))
                .build()) {
            learner.fineTune(1, 1e-2);
            learner.save(saved);
            try (SavedModel opened = SavedModel.open(saved, null)) {
                assertThat(opened.architecture()).isEqualTo("cifar-resnet8+concat");
                assertThat(opened.sha256()).isEqualTo(learner.model().sha256());
            }
        }
    }

    @Test
    void theArchitecturesOriginalHeadCanBeUsed() {
        try (Learner learner = Learner.builder(data(), Zoo.CIFAR_RESNET8)
                .weights(written(name -> name))
                .ownHead()
                .build()) {
            assertThat(learner.architecture()).isEqualTo("cifar-resnet8");
            assertThat(learner.model().parameters().get("linear.weight").shape())
                    .containsExactly(3, 64);
        }
    }

    @Test
    void otherNamesAreReadByOrderAndShape() {
        Map<String, String> renamed = new LinkedHashMap<>();
        Path file = written(name -> renamed.computeIfAbsent(
                name,
                key -> key.endsWith("num_batches_tracked")
                        ? "t" + renamed.size() + ".num_batches_tracked"
                        : "t" + renamed.size()));
        List<String> log = new ArrayList<>();
        try (Learner learner = tuned(file, log);
                StateDict source = Safetensors.read(file)) {
            assertThat(log).singleElement().asString().contains("matched by order and shape");
            assertThat(values(learner.model()).get("layer3.0.conv2.weight"))
                    .isEqualTo(Tensors.toFloats(source.get(renamed.get("layer3.0.conv2.weight"))));
        }
    }

    @Test
    void weightsOfAnotherArchitectureAreNamed() {
        Path file = written(name -> name);
        assertThatThrownBy(() -> Learner.builder(data(), Zoo.CIFAR_RESNET14)
                        .weights(file)
                        .build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        file + " has no weights of cifar-resnet14+concat: expected layer1.1.conv1.weight 16×16×3×3; "
                                + "it looks like cifar-resnet8, use that (--arch)");
    }

    @Test
    void aSmallerNetworkIsNotReadOutOfALargerOne() {
        Path file = home.resolve("larger.safetensors");
        try (Module network = Zoo.CIFAR_RESNET14.create(3);
                StateDict state = network.stateDict()) {
            Safetensors.write(state, file);
        }
        assertThatThrownBy(() ->
                        Learner.builder(data(), Zoo.CIFAR_RESNET8).weights(file).build())
                .hasMessage(file
                        + " has no weights of cifar-resnet8+concat: expected 35 backbone tensors, found 65; "
                        + "it looks like cifar-resnet14, use that (--arch)");
    }

    @Test
    void layersNextToTheImageLearnSlowest() {
        assertThat(LayerLearningRates.of(1e-6, 1e-4).factor(0, 3)).isEqualTo(0.01, within(1e-12));
        assertThat(LayerLearningRates.of(1e-6, 1e-4).factor(1, 3)).isEqualTo(0.1, within(1e-12));
        assertThat(LayerLearningRates.of(1e-6, 1e-4).factor(2, 3)).isEqualTo(1);
        assertThat(LayerLearningRates.upTo(1e-3).factor(0, 3)).isEqualTo(0.1, within(1e-12));
        assertThat(LayerLearningRates.upTo(1e-3).factor(1, 3)).isEqualTo(0.1, within(1e-12));
        // AdamW's first step changes every weight by its learning rate: m/√v is ±1.
        try (Learner learner = Learner.builder(Toy.data(1, 4), Zoo.CIFAR_RESNET8)
                .optimizer(new AdamW(0.9, 0.99, 1e-12, 0, false))
                .build()) {
            Map<String, float[]> before = values(learner.model());
            learner.fit(1, LayerLearningRates.of(1e-6, 1e-4));
            Map<String, float[]> after = values(learner.model());
            Map<String, Double> moved = before.keySet().stream()
                    .filter(name -> name.matches("(conv1|layer1.0.conv2|layer3.0.conv1|linear).weight"))
                    .collect(Collectors.toMap(name -> name, name -> mostMoved(before.get(name), after.get(name))));
            assertThat(moved.get("conv1.weight")).isEqualTo(1e-6, within(2e-7));
            assertThat(moved.get("layer1.0.conv2.weight")).isEqualTo(1e-6, within(2e-7));
            assertThat(moved.get("layer3.0.conv1.weight")).isEqualTo(1e-5, within(1e-6));
            assertThat(moved.get("linear.weight")).isEqualTo(1e-4, within(1e-5));
        }
    }

    private static double mostMoved(float[] before, float[] after) {
        double most = 0;
        for (int i = 0; i < before.length; i++) most = Math.max(most, Math.abs(after[i] - before[i]));
        return most;
    }

    @Test
    void theHeadOfACustomNetworkIsItsLastChild() {
        try (Learner learner = Learner.create(data(), TinyNet.ARCHITECTURE)) {
            learner.freeze();
            assertThat(learner.model().parameters().get("conv.weight").requires_grad())
                    .isFalse();
            assertThat(learner.model().parameters().get("fc.weight").requires_grad())
                    .isTrue();
        }
    }

    @Test
    void publishedWeightsAreFetchedOnceByName() throws IOException {
        Path file = home.resolve("served.safetensors");
        try (Module network = Zoo.RESNET18.create(3);
                StateDict state = network.stateDict()) {
            Safetensors.write(state, file);
        }
        String name = "resnet18-" + Checksum.sha256Prefix("00000000").of(file) + ".pth";
        List<String> asked = new ArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
        server.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(200, Files.size(file));
            try (var body = exchange.getResponseBody()) {
                Files.copy(file, body);
            }
        });
        server.start();
        try (Scope scope = Scope.open()) {
            PretrainedWeights store = PretrainedWeights.in(home.resolve("cache"))
                    .redirected(address ->
                            URI.create("http://localhost:" + server.getAddress().getPort() + address.getPath()))
                    .expecting(published -> {
                        assertThat(published).isEqualTo("resnet18-f37072fd.pth");
                        return name;
                    });
            for (int i = 0; i < 2; i++) {
                try (Learner learner = Learner.builder(data(), Zoo.RESNET18)
                        .pretrained(store, (bytes, total) -> {})
                        .build()) {
                    assertThat(learner.architecture()).isEqualTo("resnet18+concat");
                }
            }
        } finally {
            server.stop(0);
        }
        assertThat(asked).containsExactly("/models/" + name);
    }

    @Test
    void unknownWeightsAreNamed() {
        assertThatThrownBy(() -> Learner.pretrained(data(), Zoo.CIFAR_RESNET8))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(
                        "no published weights of cifar-resnet8 are known; give a file of them (--weights)");
    }

    private static Learner tuned(Path file, List<String> log) {
        return Learner.builder(data(), Zoo.CIFAR_RESNET8)
                .weights(file)
                .log(log::add)
                .build();
    }
}
