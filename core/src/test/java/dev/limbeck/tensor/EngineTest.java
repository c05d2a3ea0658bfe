package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.limbeck.LimbeckException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineTest {
    @Test
    void computesOnAllCoresByDefault() {
        assumeThat(System.getenv("OMP_NUM_THREADS")).isNull();
        assertThat(Engine.threads())
                .isBetween(1, Runtime.getRuntime().availableProcessors())
                .isGreaterThanOrEqualTo(Math.min(2, Loader.totalCores()));
    }

    @Test
    void aProgramNeedsNoVariables() {
        assumeThat(System.getProperty("os.name")).isEqualTo("Linux");
        assertThat(Engine.waiting()).containsKeys("OMP_WAIT_POLICY", "OPENBLAS_THREAD_TIMEOUT");
        assertThat(Engine.allocator()).isNotNull();
    }

    @Test
    void takesTheFirstLineOfAnErrorWithAStackTrace() {
        RuntimeException error =
                new RuntimeException("\n  \n mat1 and mat2 do not fit \nException raised from here\n#1");
        assertThat(Engine.firstLine(error)).isEqualTo("mat1 and mat2 do not fit");
    }

    @Test
    void takesTheInformativeLineOfAnErrorInsideAScript() {
        RuntimeException error = new RuntimeException(
                "The following operation failed in the TorchScript interpreter.\nTraceback\nRuntimeError: sizes differ\n");
        assertThat(Engine.firstLine(error)).isEqualTo("RuntimeError: sizes differ");
    }

    @Test
    void namesTheKindOfAnErrorWithoutAMessage() {
        assertThat(Engine.firstLine(new NullPointerException())).isEqualTo("NullPointerException");
        assertThat(Engine.firstLine(new RuntimeException(" \n"))).isEqualTo("RuntimeException");
    }

    @Test
    void aRealNativeErrorHasOneInformativeLine() {
        try (Scope scope = Scope.open()) {
            Tensor a = Tensors.randn(2, 3);
            Tensor b = Tensors.randn(2, 3);
            assertThatThrownBy(() -> a.mm(b))
                    .satisfies(e -> assertThat(e.getMessage().lines().count()).isGreaterThan(1))
                    .satisfies(e -> assertThat(Engine.firstLine(e))
                            .startsWith("mat1 and mat2 shapes cannot be multiplied")
                            .doesNotContain("\n"));
        }
    }

    @Test
    void theProcessorIsAlwaysThere() {
        try (Scope scope = Scope.open()) {
            assertThat(Engine.device("CPU").str().getString()).isEqualTo("cpu");
            assertThat(Engine.deviceName(Tensors.to(Tensors.randn(1), Engine.device("cpu"))))
                    .isEqualTo("cpu");
            assertThat(Engine.device("auto").str().getString()).isEqualTo(Engine.cudaAvailable() ? "cuda:0" : "cpu");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda", "cuda:0", "CUDA:3"})
    void saysInOneLineThatThereIsNoGpu(String name) {
        assumeThat(Engine.cudaAvailable()).as("a GPU is there").isFalse();
        assertThatThrownBy(() -> Engine.device(name))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("device '" + name + "' was requested but LibTorch sees 0 CUDA devices; "
                        + "use --device cpu, or build with -Pcuda on a machine with a GPU");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cuda:123", "cpu:0"})
    void refusesOtherDeviceNames(String name) {
        assertThatThrownBy(() -> Engine.device(name))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("device must be auto, cpu, cuda or cuda:N, found '" + name + "'");
    }

    @Test
    void setsTheThreadCount() {
        int before = Engine.threads();
        try {
            Engine.setThreads(1);
            assertThat(Engine.threads()).isEqualTo(1);
        } finally {
            Engine.setThreads(before);
        }
        assertThatThrownBy(() -> Engine.setThreads(0)).hasMessage("threads must be at least 1, found 0");
    }

    @Test
    void tellsItsVersion() {
        assertThat(Engine.version()).startsWith("2.");
        assertThat(Engine.cpuCapability()).isNotBlank();
    }
}
