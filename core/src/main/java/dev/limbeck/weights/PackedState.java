package dev.limbeck.weights;

import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.ScriptPickle.Built;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Know the states of the classes in which LibTorch packs the weights of quantized layers. */
final class PackedState {
    private static final int MOST_NUMBERS = 1024;
    private static final ScriptType CONVOLUTION = ScriptType.parse("Tuple[str, List[Tensor], List[Optional[Tensor]]]");
    private static final Map<String, ScriptType> KNOWN = Map.of(
            "quantized.LinearPackedParamsBase", ScriptType.parse("Tuple[Tensor, Optional[Tensor]]"),
            "quantized.Conv2dPackedParamsBase", CONVOLUTION,
            "quantized.Conv3dPackedParamsBase", CONVOLUTION,
            "quantized.EmbeddingPackedParamsBase", ScriptType.parse("Tuple[int, List[Tensor], List[float], List[int]]"),
            "rnn.CellParamsBase",
                    ScriptType.parse("Tuple[str, List[Tensor], List[float], List[int],"
                            + " List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]"));

    private PackedState() {}

    static boolean isKnown(String name) {
        return KNOWN.containsKey(name);
    }

    static ScriptType typeOf(String name) {
        ScriptType type = KNOWN.get(name);
        if (type == null) throw new IllegalArgumentException("the class " + name + " is not read");
        return type;
    }

    /**
     * Check what LibTorch packs without a look at it.
     *
     * @throws IllegalArgumentException in one line, if weights and numbers do not belong together
     */
    static void check(Built packed, ScriptArchive archive, FileChannel channel) throws IOException {
        String name = packed.className();
        Object[] state = (Object[]) packed.state();
        if (state == null) throw damaged(name);
        if (name.endsWith("LinearPackedParamsBase")) {
            checkWeight(name, state[0], 2, state[1]);
        } else if (name.endsWith("EmbeddingPackedParamsBase")) {
            List<?> tensors = (List<?>) state[1];
            if (tensors.size() != 1) throw damaged(name);
            checkWeight(name, tensors.get(0), 2, null);
        } else if (name.contains("Conv")) {
            List<?> tensors = (List<?>) state[1];
            List<?> biases = (List<?>) state[2];
            if (!"2".equals(state[0]) || tensors.size() != 2 || biases.size() != 1) throw damaged(name);
            int dimensions = name.contains("Conv3d") ? 3 : 2;
            ScriptTensor weight = checkWeight(name, tensors.get(1), dimensions + 2, biases.get(0));
            if (!(tensors.get(0) instanceof ScriptTensor numbers)) throw damaged(name);
            checkConvolution(name, shorts(numbers, archive, channel), dimensions, weight);
        }
    }

    /**
     * Check the state of a quantized convolution, from which its own code packs it: channels in and out, kernel, stride, padding,
     * dilation, transposed, output padding, groups, and more.
     */
    static void checkLayer(String name, @Nullable Object state) {
        if (!(state instanceof Object[] parts) || parts.length < 9) throw damaged(name);
        for (int part : new int[] {2, 3, 5}) checkNumbers(name, parts[part], 1);
        for (int part : new int[] {4, 7}) checkNumbers(name, parts[part], 0);
        for (int part : new int[] {0, 1, 8}) checkNumbers(name, new Object[] {parts[part]}, 1);
    }

    private static void checkNumbers(String name, @Nullable Object value, int least) {
        if (!(value instanceof Object[] numbers)) throw damaged(name);
        for (Object number : numbers) {
            if (!(number instanceof Long whole) || whole < least || whole > Short.MAX_VALUE) throw damaged(name);
        }
    }

    private static ScriptTensor checkWeight(
            String name, @Nullable Object value, int dimensions, @Nullable Object bias) {
        if (!(value instanceof ScriptTensor weight) || weight.shape().length != dimensions || weight.count() == 0) {
            throw damaged(name);
        }
        String type = weight.storage().type();
        if (!type.equals("QInt8") && !type.equals("QUInt8") && !type.equals("QUInt4x2") && !type.equals("Float")) {
            throw damaged(name);
        }
        if (bias instanceof ScriptTensor own && own.shape().length != 1) throw damaged(name);
        return weight;
    }

    /** Check the numbers of a convolution: its dimensions, for each of them stride, padding, dilation, output padding; groups, direction. */
    private static void checkConvolution(String name, short[] numbers, int dimensions, ScriptTensor weight) {
        if (numbers.length != 4 * dimensions + 3 || numbers[0] != dimensions) throw damaged(name);
        for (int i = 0; i < dimensions; i++) {
            boolean right = numbers[1 + i] > 0
                    && numbers[1 + dimensions + i] >= 0
                    && numbers[1 + 2 * dimensions + i] > 0
                    && numbers[1 + 3 * dimensions + i] >= 0;
            if (!right) throw damaged(name);
        }
        int groups = numbers[4 * dimensions + 1];
        if (groups < 1 || weight.shape()[0] % groups != 0) throw damaged(name);
    }

    private static short[] shorts(ScriptTensor tensor, ScriptArchive archive, FileChannel channel) throws IOException {
        ScriptArchive.Entry entry =
                archive.entries().get("data/" + tensor.storage().key());
        byte[] bytes = entry == null ? null : archive.small(channel, entry, MOST_NUMBERS);
        boolean plain = tensor.storage().type().equals("Short")
                && tensor.shape().length == 1
                && tensor.offset() == 0
                && (tensor.strides()[0] == 1 || tensor.shape()[0] <= 1);
        if (bytes == null || !plain) throw damaged("a quantized convolution");
        ShortBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        short[] numbers = new short[(int) tensor.shape()[0]];
        all.get(numbers);
        return numbers;
    }

    private static IllegalArgumentException damaged(String name) {
        return new IllegalArgumentException(
                "the packed weights of " + IoErrors.printable(name) + " do not belong together");
    }
}
