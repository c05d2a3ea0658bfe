package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.nn.InferenceCopy;
import dev.limbeck.nn.Module;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Storage;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class WeightsOnDiskTest {
    /** 16 MiB of float32. */
    private static final long ENOUGH = 4 << 20;

    @TempDir
    Path folder;

    @BeforeEach
    void needsADisk() throws IOException {
        assumeFalse(Files.getFileStore(folder).type().equals("tmpfs"), "the temporary folder is in memory");
    }

    @Test
    void theyHaveTheSameValuesAndLayout() {
        try (Scope scope = Scope.open()) {
            Tensor plain = Tensors.randn(ENOUGH / 4, 4);
            Tensor turned = Tensors.channelsLast(Tensors.randn(64, 32, 3, 3));
            long[] strides = turned.strides().vec().get();
            float[] before = Tensors.toFloats(plain);
            float[] others = Tensors.toFloats(turned);
            assertThat(WeightsOnDisk.move(List.of(plain, turned), folder)).isEqualTo(plain.nbytes() + turned.nbytes());
            assertThat(Tensors.toFloats(plain)).isEqualTo(before);
            assertThat(Tensors.toFloats(turned)).isEqualTo(others);
            assertThat(turned.strides().vec().get()).isEqualTo(strides);
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void theyAreTrainedLikeOthers() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensors.randn(ENOUGH);
            weight.set_requires_grad(true);
            float first = Tensors.toFloats(weight)[0];
            assertThat(WeightsOnDisk.move(List.of(weight), folder)).isEqualTo(4 * ENOUGH);
            weight.mul(weight).sum().backward();
            try (NoGrad noGrad = NoGrad.on()) {
                Ops.addScaled_(weight, weight.grad(), -0.25);
            }
            assertThat(Tensors.toFloats(weight)[0]).isEqualTo(first / 2);
        }
    }

    @Test
    void sharedSmallAndMovedOnesStay() {
        try (Scope scope = Scope.open()) {
            Tensor shared = Tensors.randn(ENOUGH);
            Tensor view = shared.view(2, ENOUGH / 2);
            Tensor part = Tensors.randn(2 * ENOUGH).narrow(0, 0, ENOUGH);
            Tensor few = Tensors.randn(1000);
            assertThat(WeightsOnDisk.move(List.of(shared, part, few), folder)).isZero();
            assertThat(view.is_alias_of(shared)).isTrue();
            Tensor alone = Tensors.randn(ENOUGH);
            assertThat(WeightsOnDisk.move(List.of(alone), folder)).isEqualTo(4 * ENOUGH);
            assertThat(WeightsOnDisk.move(List.of(alone), folder)).isZero();
            assertThat(WeightsOnDisk.move(List.of(Tensors.randn(ENOUGH)), folder.resolve("none")))
                    .isZero();
        }
    }

    @Test
    void aFolderInMemoryIsNotUsed() throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(
                Files.isWritable(memory) && Files.getFileStore(memory).type().equals("tmpfs"), "no /dev/shm in memory");
        try (Scope scope = Scope.open()) {
            assertThat(WeightsOnDisk.move(List.of(Tensors.randn(ENOUGH)), memory))
                    .isZero();
        }
    }

    @Test
    void weightsThatACopyFoldedAreOnDiskAndOthersInMemory() {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module network = Zoo.byName("resnet18").create(10);
                InferenceCopy copy = new InferenceCopy(
                        network, Precision.FP32, () -> Inputs.of(Tensors.randn(2, 3, 32, 32)), true)) {
            network.eval();
            Tensor x = Tensors.randn(2, 3, 32, 32);
            float[] before = outputs(network, x);
            copy.prepare();
            assertThat(isInMemory(network.parameters().get("layer4.0.conv1.weight")))
                    .isFalse();
            assertThat(isInMemory(network.parameters().get("fc.weight"))).isTrue();
            assertThat(outputs(network, x)).isEqualTo(before);
        }
    }

    /** A forward pass may make views of weights, which would hold their memory. */
    private static float[] outputs(Module network, Tensor x) {
        try (Scope scope = Scope.open()) {
            return Tensors.toFloats(network.apply(x));
        }
    }

    private static boolean isInMemory(Tensor weight) {
        try (Storage storage = weight.storage()) {
            return storage.resizable();
        }
    }
}
