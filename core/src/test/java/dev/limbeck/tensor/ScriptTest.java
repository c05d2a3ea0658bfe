package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.StoredEntry;
import dev.limbeck.weights.TorchScriptFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BinaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptTest {
    @TempDir
    Path folder;

    /** Save a network that calls relu, with modified entries. */
    private Path changed(BinaryOperator<String> change) throws IOException {
        Path honest = folder.resolve("honest.pt");
        String source = """
                def forward(self, x: Tensor):
                    return torch.relu(x)
                """;
        try (Script script = Script.compile("Changed", Map.of(), Map.of(), Map.of(), source)) {
            script.save(honest, Map.of());
        }
        Path changed = folder.resolve("changed.pt");
        try (ZipFile from = new ZipFile(honest.toFile());
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(changed))) {
            for (ZipEntry entry : Collections.list(from.entries())) {
                String content = new String(from.getInputStream(entry).readAllBytes(), StandardCharsets.ISO_8859_1);
                byte[] bytes = change.apply(entry.getName(), content).getBytes(StandardCharsets.ISO_8859_1);
                StoredEntry.write(to, entry.getName(), bytes);
            }
        }
        return changed;
    }

    private void refused(BinaryOperator<String> change, String... parts) throws IOException {
        Path file = changed(change);
        assertThatThrownBy(() -> TorchScriptFile.open(file).load())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    /** The engine crashes if two threads freeze one module. */
    @Test
    void severalThreadsMayCallItFirst() throws Exception {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 40; round++) {
                CyclicBarrier start = new CyclicBarrier(threads);
                try (Script script = Script.compile(
                        "First" + round,
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        "def forward(self, x: Tensor):\n    return 3 * torch.mean(x, [2, 3]) + x[:, :, 0, 0]\n")) {
                    Callable<Float> call = () -> {
                        start.await();
                        try (Scope scope = Scope.open()) {
                            return Tensors.toFloats(script.forward(Tensors.full(2, DType.FLOAT32, 1, 1, 4, 4)))[0];
                        }
                    };
                    for (Future<Float> one : pool.invokeAll(Collections.nCopies(threads, call))) {
                        assertThat(one.get()).isEqualTo(8);
                    }
                }
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** The engine ends the process if a module is freed while it computes. */
    @Test
    void closingWaitsForThreadsThatCompute() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        int refused = 0;
        try {
            for (int round = 0; round < 300; round++) {
                Script script = Script.compile(
                        "Closed" + round,
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        "def forward(self, x: Tensor):\n    return 3 * torch.mean(x, [2, 3]) + x[:, :, 0, 0]\n");
                CyclicBarrier start = new CyclicBarrier(2);
                Future<Float> computed = pool.submit(() -> {
                    start.await();
                    try (Scope scope = Scope.open()) {
                        return Tensors.toFloats(script.forward(Tensors.full(2, DType.FLOAT32, 1, 1, 4, 4)))[0];
                    }
                });
                start.await();
                LockSupport.parkNanos(round % 30 * 30_000L);
                script.close();
                script.close();
                try {
                    assertThat(computed.get()).isEqualTo(8);
                } catch (ExecutionException e) {
                    refused++;
                    assertThat(e.getCause())
                            .isInstanceOf(LimbeckException.class)
                            .hasMessage("Closed" + round + " is closed; open it again");
                }
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(refused).as("closed first in some rounds, not in all").isBetween(1, 299);
    }

    /** The engine frees methods that it inlines into forward, and would read their freed names for an error message. */
    @Test
    void whatFailsInAMethodFailsInWords() {
        String source = """
                def forward(self, x: Tensor):
                    return self.doubled(x)

                def doubled(self, x: Tensor):
                    if x.dim() == 2:
                        x = torch.fill(x, x)
                    return x * 2
                """;
        for (int i = 0; i < 50; i++) {
            try (Scope scope = Scope.open();
                    Script script = Script.compile("Failing", Map.of(), Map.of(), Map.of(), source)) {
                // These allocations overwrite freed memory.
                for (int j = 0; j < 100; j++) Tensors.zeros(DType.FLOAT32, j + 1);
                assertThatThrownBy(() -> script.forward(Tensors.zeros(DType.FLOAT32, 2, 3)))
                        .isInstanceOf(RuntimeException.class)
                        .hasMessageContaining("fill_ only supports 0-dimension value tensor");
            }
        }
    }

    @Test
    void whatANewerPyTorchSavedIsNamed() throws IOException {
        String engine = "LibTorch " + Engine.version().replaceAll("-.*", "");
        refused(
                (name, content) -> content.replace("torch.relu(", "torch._upsample_lanczos9d("),
                "needs the operator aten::_upsample_lanczos9d, which " + engine + " does not have",
                "newer PyTorch");
        refused(
                (name, content) -> content.replace("torch.relu(", "ops.my.filter("),
                "needs the operator my::filter of an extension");
        refused(
                (name, content) -> name.endsWith("/version") ? "99\n" : content,
                "has version 99 of the format, and " + engine + " reads up to");
        refused((name, content) -> content.replace("torch.relu(x)", "torch.relu(x, 7)"), engine + " cannot open (");
    }
}
