package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.StoredEntry;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchScriptFileTest {
    private static final Path SEEDS = Path.of("src", "test", "resources", "torchscript");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced", "frozen", "rich", "attention", "quantized"})
    void networksOfPyTorchPassTheCheckAndRun(String name) {
        TorchScriptFile file = TorchScriptFile.open(SEEDS.resolve(name + ".pt"));
        assertThat(file.operators()).isNotEmpty();
        try (Script script = file.load();
                Scope scope = Scope.open()) {
            assertThat(script.forward(Tensors.zeros(DType.FLOAT32, 2, 3, 8, 8)).size(0))
                    .isEqualTo(2);
        }
    }

    /** Its code divides by what it packs with: by no stride, this ended the process. */
    @ParameterizedTest
    @CsvSource({
        "'self.stride = (state)[3]', 'self.stride = (state)[4]', its stride is not that of its state",
        "'self.groups = (state)[8]', 'self.groups = (state)[0]', its groups is not that of its state",
        "'[_14, _15], groups)', '[_14, _15], 0)', its groups is not the layer's",
        "'b, _10, _13,', 'b, _13, _13,', its stride is not the layer's",
        "'_10 = [_8, _9]', '_10 = [0, 0]', its stride is not the layer's"
    })
    void aConvolutionIsPackedByItsOwnNumbers(String code, String other, String reason) throws IOException {
        Path file = folder.resolve("packed.pt");
        try (ZipFile seed = new ZipFile(SEEDS.resolve("quantized.pt").toFile());
                ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (ZipEntry entry : Collections.list(seed.entries())) {
                byte[] bytes = seed.getInputStream(entry).readAllBytes();
                if (entry.getName().endsWith("modules/conv.py")) {
                    String text = new String(bytes, StandardCharsets.UTF_8);
                    assertThat(text).contains(code);
                    bytes = text.replace(code, other).getBytes(StandardCharsets.UTF_8);
                }
                StoredEntry.write(zip, entry.getName(), bytes);
            }
        }
        assertThatThrownBy(() -> TorchScriptFile.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("packing a quantized convolution in ")
                .hasMessageContaining(reason);
    }

    @Test
    void aFileSaysWhatItHolds() {
        TorchScriptFile file = TorchScriptFile.open(SEEDS.resolve("traced.pt"));
        assertThat(file.extraFiles())
                .containsEntry("image_size", "8x8")
                .containsEntry("classes", "[\"a\",\"b\",\"c\"]");
        assertThat(file.operators()).containsEntry("aten::batch_norm", 1).containsEntry("aten::linear", 1);
        assertThat(file.classes()).containsEntry("__torch__.torch.nn.modules.conv.Conv2d", 1);
        // 3·4·9 + 4 of the convolution, 4·4 + 1 of the norm, 4·3 + 3 of the classifier.
        assertThat(file.numbers()).isEqualTo(112 + 17 + 15);
    }

    /** Save a module whose program the engine accepts. */
    private Path program(String source) {
        Path file = folder.resolve("program.pt");
        try (Script script = Script.compile("Program", Map.of(), Map.of(), Map.of(), source)) {
            script.save(file, Map.of());
        }
        return file;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.from_file('/etc/passwd', False, 9, dtype=0) | aten::from_file (reads or writes files)",
                "x.set_(torch.zeros([9])) | aten::set_ (changes which memory a tensor stands on)",
                "x.resize_([1000000]) | aten::resize_ (changes which memory a tensor stands on)",
                "torch._sparse_coo_tensor_unsafe(torch.zeros([1, 1], dtype=4), x, [3]) | does not check what it is given",
            })
    void whatNoNetworkNeedsIsRefusedByName(String expression, String named) {
        Path file = program("def forward(self, x: Tensor):\n    y = " + expression + "\n    return y\n");
        assertThatThrownBy(() -> TorchScriptFile.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file + " is refused")
                .hasMessageContaining(named)
                .hasMessageNotContaining("\n");
    }

    @Test
    void printingIsRefused() {
        Path file = program("def forward(self, x: Tensor):\n    print('hello')\n    return x\n");
        assertThatThrownBy(() -> TorchScriptFile.open(file)).hasMessageContaining("print (writes to the terminal)");
    }

    @Test
    void namesBehindDotsAndInTextsCountToo() {
        for (String code : List.of(
                "def forward(self, x: Tensor):\n  return x.set_(x)\n",
                "def forward(self, x: Tensor):\n  f = x.set_\n  return f(x)\n",
                "def forward(self, x: Tensor):\n  return getattr(x, \"set_\")(x)\n",
                "def forward(self, x: Tensor):\n  t = torch\n  return t.from_file(\"a\")\n",
                "def forward(self, x: Tensor):\n  return ops.aten.from_file(\"a\", True, 1)\n",
                "def forward(self, x: Tensor):\n  return (ops).aten.relu(x)\n",
                "def forward(self, x: Tensor):\n  o = ops.aten\n  return o.from_file(\"a\", True, 1)\n",
                "class A(Module):\n  def __setstate__(self: __torch__.A,\n    state: int) -> NoneType:\n    return None\n",
                // Each of these two would crash the process if it ran.
                "def forward(self, x: Tensor):\n  return torch.mul(x, torch.remainder(7, 0))\n",
                "def forward(self, x: Tensor):\n  return torch.conv2d(x, x, None, [1, 4611686018427387904])\n",
                "class A(Module):\n  x : __torch__.torch.classes.dist_rpc.WorkerInfo\n")) {
            ScriptUses uses = ScriptUses.of(
                    ScriptProgram.read(Map.of("code/__torch__.py", code.getBytes(StandardCharsets.UTF_8))));
            assertThat(uses.refused()).as(code).isNotEmpty();
        }
    }

    @Test
    void whatTheLexersCouldReadInTwoWaysIsRefused() {
        for (String code :
                List.of("a = \"x\ntorch.save\"", "a = 1.real", "a = é", "# type: (int)", "a = $", ")", "\"a\\\"")) {
            assertThatThrownBy(() -> ScriptLexer.tokens(code)).as(code).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void classesWithPartsThatTheEngineWouldMissAreRefused() {
        for (String line : List.of("  GREEN : int\n", "  GREEN\n", "  __parameters__ = 3\n")) {
            String code = "class Color(Enum):\n  RED = 1\n" + line;
            Map<String, byte[]> files = Map.of(
                    "code/__torch__.py",
                    code.replace("Enum", line.contains("__") ? "Module" : "Enum")
                            .getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> ScriptProgram.read(files))
                    .as(code)
                    .hasMessageContaining("in a way that is not read");
        }
    }

    @Test
    void damagedFilesAreRefusedOrLeftWhole() throws IOException {
        List<String> operators = ScriptFuzz.operators();
        List<byte[]> seeds = ScriptFuzz.seeds(SEEDS);
        Path file = folder.resolve("damaged.pt");
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++) {
            Files.write(file, new ScriptMutator(seed, operators).mutate(seeds.get(seed % seeds.size())));
            try {
                TorchScriptFile.open(file);
            } catch (LimbeckException e) {
                refused++;
                assertThat(e.getMessage())
                        .as("seed " + seed)
                        .startsWith(file.toString())
                        .doesNotContain("\n");
            }
        }
        assertThat(refused).isBetween(1000, 1900);
    }

    @Test
    void aFlippedBitAnywhereOfTheContentIsFound() throws IOException {
        byte[] honest = Files.readAllBytes(SEEDS.resolve("frozen.pt"));
        Path file = folder.resolve("flipped.pt");
        int found = 0;
        int tried = 0;
        for (int at = 0; at < honest.length; at += 7) {
            byte[] bytes = honest.clone();
            bytes[at] ^= 4;
            Files.write(file, bytes);
            tried++;
            try {
                TorchScriptFile.open(file);
            } catch (LimbeckException e) {
                found++;
            }
        }
        // Undetected flips are in times, versions and padding, which are not read.
        assertThat(found).isGreaterThan(tried * 3 / 5);
    }

    @Test
    void aFileThatChangedIsNotLoaded() throws IOException {
        Path file = folder.resolve("changing.pt");
        Files.copy(SEEDS.resolve("frozen.pt"), file);
        TorchScriptFile checked = TorchScriptFile.open(file);
        Files.copy(SEEDS.resolve("traced.pt"), file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(checked::load).hasMessageContaining("changed while it was read");
    }
}
