package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorsTest {
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void roundTripsSmallNumbersInEveryType(DType type) {
        float[] values = type == DType.BOOL ? new float[] {0, 1, 1, 0, 0, 1} : new float[] {0, 1, 2, 3, 100, 127};
        Tensor tensor = Tensors.to(Tensors.of(values, 2, 3), type);
        assertThat(DType.of(tensor)).isEqualTo(type);
        assertThat(tensor.shape()).containsExactly(2, 3);
        assertThat(Tensors.toFloats(tensor)).containsExactly(values);
        assertThat(Tensors.toDoubles(tensor)).containsExactly(doubles(values));
        assertThat(Tensors.toLongs(tensor)).containsExactly(longs(values));
        assertThat(Tensors.toBytes(tensor)).hasSize(6 * type.bytes());
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void roundTripsBytesInEveryType(DType type) {
        byte[] bytes = new byte[3 * type.bytes()];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (type == DType.BOOL ? i % 2 : 17 * i + 3);
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
        buffer.put(bytes).rewind();
        Tensor tensor = Tensors.copyOf(buffer, type, 3);
        buffer.put(0, (byte) 99);
        assertThat(DType.of(tensor)).isEqualTo(type);
        assertThat(Tensors.toBytes(tensor)).containsExactly(bytes);
    }

    @Test
    void keepsEveryBitOfTheWideTypes() {
        double[] doubles = {Math.PI, -0.0, Double.MIN_VALUE, Double.NaN, Double.NEGATIVE_INFINITY};
        long[] longs = {Long.MIN_VALUE, Long.MAX_VALUE, (1L << 53) + 1};
        assertThat(Tensors.toDoubles(Tensors.of(doubles, 5))).containsExactly(doubles);
        assertThat(Tensors.toLongs(Tensors.of(longs, 3))).containsExactly(longs);
    }

    @Test
    void makesScalarsAndEmptyTensors() {
        assertThat(Tensors.of(new double[] {4}).dim()).isZero();
        assertThat(Tensors.zeros(DType.INT64).item_double()).isZero();
        Tensor empty = Tensors.of(new float[0], 2, 0);
        assertThat(empty.shape()).containsExactly(2, 0);
        assertThat(Tensors.toFloats(empty)).isEmpty();
        assertThat(Tensors.toBytes(empty)).isEmpty();
    }

    @Test
    void ownsACopyOfTheValues() {
        float[] values = {1, 2};
        Tensor tensor = Tensors.of(values, 2);
        values[0] = 9;
        assertThat(Tensors.toFloats(tensor)).containsExactly(1, 2);
    }

    @Test
    void refusesValuesThatDoNotFillTheShape() {
        assertThatThrownBy(() -> Tensors.of(new float[5], 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("5 values do not fill the shape 2×3");
    }

    @Test
    void readsTransposedTensorsRowMajor() {
        Tensor tensor = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).t();
        assertThat(Tensors.toFloats(tensor)).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(Tensors.toFloats(Tensors.copy(tensor))).containsExactly(1, 4, 2, 5, 3, 6);
    }

    @Test
    void channelsLastChangesTheLayoutAndNotTheValues() {
        Tensor tensor = Tensors.randn(2, 3, 4, 5);
        Tensor last = Tensors.channelsLast(tensor);
        assertThat(last.is_contiguous()).isFalse();
        assertThat(Tensors.toFloats(last)).containsExactly(Tensors.toFloats(tensor));
    }

    @Test
    void aViewSeesLaterWritesAndACopyDoesNot() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        Tensor view = Tensors.view(buffer, DType.UINT8, 4);
        Tensor copy = Tensors.copyOf(buffer, DType.UINT8, 4);
        buffer.put(1, (byte) 200);
        assertThat(Tensors.toLongs(view)).containsExactly(0, 200, 0, 0);
        assertThat(Tensors.toLongs(copy)).containsExactly(0, 0, 0, 0);
    }

    @Test
    void refusesViewsBeyondTheBufferAndOfHeapBuffers() {
        assertThatThrownBy(() -> Tensors.view(ByteBuffer.allocateDirect(7), DType.FLOAT32, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("buffer holds 7 bytes, the tensor needs 8");
        assertThatThrownBy(() -> Tensors.view(ByteBuffer.allocate(8), DType.FLOAT32, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void memoryIsWrittenThrough() {
        Tensor tensor = Tensors.zeros(DType.FLOAT32, 2);
        Tensors.memory(tensor).putFloat(4, 3.5f);
        assertThat(Tensors.toFloats(tensor)).containsExactly(0, 3.5f);
        Tensor turned = Tensors.randn(2, 3).t();
        assertThatThrownBy(() -> Tensors.memory(turned)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void stridedCopyPicksElements() {
        Tensor flat = Tensors.of(new float[] {0, 1, 2, 3, 4, 5, 6}, 7);
        assertThat(Tensors.toFloats(Tensors.stridedCopy(flat, 1, new long[] {3, 2}, new long[] {1, 3})))
                .containsExactly(1, 4, 2, 5, 3, 6);
    }

    @Test
    void clearGradDropsTheGradient() {
        Tensor leaf = Tensors.of(new float[] {1, 2}, 2);
        leaf.set_requires_grad(true);
        leaf.sum().backward();
        assertThat(Tensors.hasGrad(leaf)).isTrue();
        Tensors.clearGrad(leaf);
        assertThat(Tensors.hasGrad(leaf)).isFalse();
    }

    @Test
    void aCopyHasNoHistory() {
        Tensor leaf = Tensors.of(new float[] {1, 2}, 2);
        leaf.set_requires_grad(true);
        Tensor copy = Tensors.copy(leaf);
        assertThat(copy.requires_grad()).isFalse();
        Ops.fill_(copy, 0);
        assertThat(Tensors.toFloats(leaf)).containsExactly(1, 2);
    }

    @Test
    void writesShapesAsPeopleDo() {
        assertThat(Tensors.shapeText(64, 3, 7, 7)).isEqualTo("64×3×7×7");
        assertThat(Tensors.shapeText()).isEqualTo("scalar");
    }

    @Test
    void oneSeedGivesOneSequence() {
        Tensors.seed(5);
        float[] first = Tensors.toFloats(Tensors.randn(4));
        float[] second = Tensors.toFloats(Tensors.randn(4));
        Tensors.seed(5);
        assertThat(Tensors.toFloats(Tensors.randn(4))).containsExactly(first);
        assertThat(second).isNotEqualTo(first);
    }

    private static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) wide[i] = values[i];
        return wide;
    }

    private static long[] longs(float[] values) {
        long[] whole = new long[values.length];
        for (int i = 0; i < whole.length; i++) whole[i] = (long) values[i];
        return whole;
    }
}
