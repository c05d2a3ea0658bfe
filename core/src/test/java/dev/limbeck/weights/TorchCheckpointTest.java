package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.SharedData;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchCheckpointTest {
    @TempDir
    Path folder;

    static Path fixture(String name) {
        URL url = TorchCheckpointTest.class.getResource("/weights/" + name);
        assertThat(url).as(name).isNotNull();
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Compare a state dict with the values in Python: names in order, types, shapes, values. */
    static void assertAsInPython(StateDict tensors, String entry) throws IOException {
        JsonNode expected =
                new ObjectMapper().readTree(fixture("expected.json").toFile()).get(entry);
        List<String> names = new ArrayList<>();
        expected.fieldNames().forEachRemaining(names::add);
        assertThat(tensors.names()).containsExactlyInAnyOrderElementsOf(names);
        for (String name : names) {
            JsonNode values = expected.get(name).get("values");
            double[] wanted = new double[values.size()];
            for (int i = 0; i < wanted.length; i++) wanted[i] = values.get(i).doubleValue();
            JsonNode sizes = expected.get(name).get("shape");
            long[] shape = new long[sizes.size()];
            for (int i = 0; i < shape.length; i++) shape[i] = sizes.get(i).longValue();
            Tensor tensor = tensors.get(name);
            String type = expected.get(name).get("dtype").textValue().toUpperCase(Locale.ROOT);
            assertThat(DType.of(tensor)).as(name).isEqualTo(DType.valueOf(type));
            assertThat(tensor.shape()).as(name).isEqualTo(shape);
            assertThat(Tensors.toDoubles(tensor)).as(name).isEqualTo(wanted);
            assertThat(tensor.is_contiguous()).as(name).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "types, zip", "types, legacy", "types-protocol4, zip", "types-protocol4, legacy",
        "views, zip", "views, legacy", "training, zip", "training, legacy"
    })
    void readsWhatPythonWrote(String entry, String form) throws IOException {
        try (StateDict tensors = TorchCheckpoint.read(fixture(entry + "." + form + ".pt"))) {
            assertAsInPython(tensors, entry);
        }
    }

    @Test
    void keepsTheOrderOfNames() {
        try (StateDict tensors = TorchCheckpoint.read(fixture("training.zip.pt"))) {
            assertThat(tensors.names())
                    .containsExactly(
                            "0.weight",
                            "1.weight",
                            "1.bias",
                            "1.running_mean",
                            "1.running_var",
                            "1.num_batches_tracked");
        }
    }

    @Test
    void tensorsOutliveTheScopeTheyWereReadIn() {
        StateDict tensors;
        try (Scope scope = Scope.open()) {
            tensors = TorchCheckpoint.read(fixture("views.zip.pt"));
        }
        assertThat(Tensors.toFloats(tensors.get("offset"))).containsExactly(5, 6, 7, 8);
        tensors.close();
    }

    @ParameterizedTest
    @CsvSource({
        "20-12fca82f, 269722, 21349.562590950623",
        "32-d509ac18, 464154, 28995.84711527823",
        "44-014dd654, 658586, 35943.741784870486",
        "56-4bfd9763, 853018, 41377.086271385946"
    })
    void readsPublishedCheckpointsOfTheOldForm(String name, long parameters, double magnitude) {
        Optional<Path> file = SharedData.find("data/cifar10-checkpoints/resnet" + name + ".th");
        Assumptions.assumeTrue(file.isPresent(), "no shared data: the published checkpoints are not read");
        try (StateDict tensors = WeightFiles.read(file.get())) {
            long count = tensors.names().stream()
                    .filter(key -> !key.contains("running_") && !key.contains("num_batches"))
                    .mapToLong(key -> tensors.get(key).numel())
                    .sum();
            assertThat(count).isEqualTo(parameters);
            assertThat(tensors.names().iterator().next()).isEqualTo("conv1.weight");
            assertThat(tensors.get("linear.weight").shape()).containsExactly(10, 64);
            double sum = tensors.names().stream()
                    .mapToDouble(key -> Arrays.stream(Tensors.toDoubles(tensors.get(key)))
                            .map(Math::abs)
                            .sum())
                    .sum();
            assertThat(sum).isCloseTo(magnitude, within(1e-7));
            assertThat(tensors.get("bn1.running_var").min().item_float()).isPositive();
        }
    }

    @Test
    void refusesAWholeModelWithAdvice() {
        assertRefused(
                fixture("whole-model.zip.pt"), "class torch.nn.modules.container.Sequential", "model.state_dict()");
    }

    @Test
    void refusesTorchScript() {
        assertRefused(fixture("scripted.pt"), "TorchScript archive", "model.state_dict()");
    }

    @Test
    void refusesOtherFiles() throws IOException {
        assertRefused(Files.writeString(folder.resolve("a.txt"), "hello"), "of no known kind", "PyTorch checkpoint");
        assertRefused(Files.writeString(folder.resolve("b.pt"), "<!DOCTYPE html>"), "web page", "PyTorch checkpoint");
        assertRefused(Files.createFile(folder.resolve("c.pt")), "empty", "PyTorch checkpoint");
        assertRefused(folder, "is a folder", "");
        assertRefused(folder.resolve("none.pt"), "no such file", "");
        Path zip = Pickles.zip(folder.resolve("d.zip"), new byte[0], Map.of());
        assertRefused(zip, "ends in the middle", "");
    }

    @Test
    void readsStoragesThatAreViewsOfOthers() {
        // ('storage', FloatStorage, 'a', 'cpu', 4, ('view', 1, 2)), the format of PyTorch before 0.4
        byte[] pickle = Pickles.start()
                .raw("}(")
                .text("w")
                .raw("ctorch._utils\n_rebuild_tensor\n((")
                .text("storage")
                .raw("ctorch\nFloatStorage\n")
                .text("a")
                .text("cpu")
                .integer(4)
                .raw("(")
                .text("view")
                .integer(1)
                .integer(2)
                .raw("ttQ")
                .integer(0)
                .integers(2)
                .integers(1)
                .raw("tRu.")
                .bytes();
        Path file =
                Pickles.legacy(folder.resolve("old.th"), pickle, Pickles.keys("a"), Pickles.storage(4, 10, 11, 12, 13));
        try (StateDict tensors = TorchCheckpoint.read(file)) {
            assertThat(Tensors.toFloats(tensors.get("w"))).containsExactly(11, 12);
        }
    }

    @Test
    void refusesSizesThatCannotBe() {
        assertZipRefused(4, 0, new long[] {5}, new long[] {1}, "beyond its storage");
        assertZipRefused(4, 2, new long[] {3}, new long[] {1}, "beyond its storage");
        assertZipRefused(4, 0, new long[] {2, 2}, new long[] {3, 1}, "beyond its storage");
        assertZipRefused(4, 0, new long[] {-1}, new long[] {1}, "cannot be");
        assertZipRefused(4, -1, new long[] {1}, new long[] {1}, "cannot be");
        assertZipRefused(4, 0, new long[] {2}, new long[] {-1}, "cannot be");
        assertZipRefused(4, 0, new long[] {2, 2}, new long[] {1}, "cannot be");
        assertZipRefused(4, 0, new long[] {1L << 40, 1L << 40}, new long[] {0, 0}, "cannot be");
        assertZipRefused(4, 0, new long[] {0, 1L << 62, 1L << 62}, new long[] {0, 0, 0}, "cannot be");
        assertZipRefused(4, 0, new long[] {1L << 40}, new long[] {0}, "far more than");
        assertZipRefused(4, Long.MAX_VALUE, new long[] {2}, new long[] {1}, "beyond its storage");
        assertZipRefused(-4, 0, new long[] {1}, new long[] {1}, "claims -4 elements");
        assertZipRefused(1L << 62, 0, new long[] {1}, new long[] {1}, "claims");
        assertZipRefused(1L << 40, 0, new long[] {1}, new long[] {1}, "is said to take");
        assertZipRefused(5, 0, new long[] {1}, new long[] {1}, "is said to take");
    }

    private void assertZipRefused(long elements, long offset, long[] shape, long[] strides, String expected) {
        byte[] pickle = Pickles.oneTensor("0", elements, offset, shape, strides);
        assertRefused(Pickles.zip(folder.resolve("x.pt"), pickle, Map.of("data/0", new byte[16])), expected, "");
    }

    @Test
    void refusesMissingStoragesAndForeignByteOrder() {
        byte[] pickle = Pickles.oneTensor("7", 4, 0, new long[] {4}, new long[] {1});
        Path file = folder.resolve("x.pt");
        assertRefused(Pickles.zip(file, pickle, Map.of("data/0", new byte[16])), "no entry archive/data/7", "");
        byte[] big = "big".getBytes(StandardCharsets.US_ASCII);
        assertRefused(Pickles.zip(file, pickle, Map.of("data/7", new byte[16], "byteorder", big)), "byte order", "");
    }

    @Test
    void refusesDamageInTheOldForm() {
        byte[] pickle = Pickles.oneTensor("a", 2, 0, new long[] {2}, new long[] {1});
        Path file = folder.resolve("x.th");
        assertRefused(Pickles.legacy(file, pickle, Pickles.keys("b"), Pickles.storage(2, 1, 2)), "does not name", "");
        assertRefused(
                Pickles.legacy(file, pickle, Pickles.keys("a", "a"), Pickles.storage(2, 1, 2)), "lists a storage", "");
        assertRefused(Pickles.legacy(file, pickle, Pickles.keys(), new byte[0]), "no bytes for storage 'a'", "");
        assertRefused(Pickles.legacy(file, pickle, Pickles.keys("a"), Pickles.storage(3, 1, 2)), "but has 3", "");
        assertRefused(Pickles.legacy(file, pickle, Pickles.keys("a"), Pickles.storage(2, 1)), "cut off", "");
        assertRefused(Pickles.legacy(file, pickle, new byte[0], new byte[0]), "ends in the middle", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"training.zip.pt", "training.legacy.pt", "types.zip.pt"})
    void refusesEveryTruncation(String name) throws IOException {
        byte[] whole = Files.readAllBytes(fixture(name));
        Path file = folder.resolve("cut.pt");
        for (int length = 0; length < whole.length; length += 1 + length / 40) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused(file, "", "");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.zip.pt", "views.legacy.pt"})
    void damagedBytesGiveTensorsOrOneLine(String name) throws IOException {
        byte[] whole = Files.readAllBytes(fixture(name));
        Path file = folder.resolve("damaged.pt");
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= (byte) (1 << (at % 8));
            Files.write(file, damaged);
            try (StateDict tensors = TorchCheckpoint.read(file)) {
                assertThat(tensors.size()).isPositive();
            } catch (LimbeckException e) {
                assertThat(e.getMessage()).startsWith(file.toString()).doesNotContain("\n");
            }
        }
    }

    @Test
    void choosesTheStateDictByRule() {
        Path file = folder.resolve("x.pt");
        // {'a': {'w': …}, 'b': {'w': …}} is ambiguous, {'a': {'w': …}} is not, and 'model' has priority
        assertRefused(nested(file, "a", "b"), "holds tensors under a, b", "state_dict");
        try (StateDict tensors = TorchCheckpoint.read(nested(file, "b", "model"))) {
            assertThat(tensors.names()).containsExactly("w");
        }
        try (StateDict tensors = TorchCheckpoint.read(nested(file, "a"))) {
            assertThat(tensors.names()).containsExactly("w");
        }
        try (StateDict tensors = TorchCheckpoint.read(nested(file, "a", "optimizer"))) {
            assertThat(tensors.names()).containsExactly("w");
        }
        assertRefused(Pickles.zip(file, Pickles.start().raw("}.").bytes(), Map.of()), "holds no tensors", "");
        assertRefused(Pickles.zip(file, Pickles.start().raw("K\u0001.").bytes(), Map.of()), "no map of tensors", "");
    }

    private static Path nested(Path file, String... names) {
        Pickles pickle = Pickles.start().raw("}(");
        for (String name : names) {
            pickle.text(name)
                    .raw("}(")
                    .text("w")
                    .tensor("0", 4, 0, new long[] {4}, new long[] {1})
                    .raw("u");
        }
        return Pickles.zip(file, pickle.raw("u.").bytes(), Map.of("data/0", new byte[16]));
    }

    static void assertRefused(Path file, String first, String second) {
        assertThatThrownBy(() -> TorchCheckpoint.read(file).close())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(first)
                .hasMessageContaining(second)
                .message()
                .doesNotContain("\n");
    }
}
