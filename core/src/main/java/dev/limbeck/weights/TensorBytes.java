package dev.limbeck.weights;

import dev.limbeck.io.IoErrors;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;

/** Move the bytes of tensors between files and native memory without a copy in between. */
final class TensorBytes {
    private static final int MOST_DIMENSIONS = 64;

    private TensorBytes() {}

    /** Say where the bytes of a tensor come from. */
    @FunctionalInterface
    interface Source {
        void readInto(ByteBuffer buffer) throws IOException;
    }

    /** Make a tensor and fill it with little-endian bytes; sizes were checked against the file before. */
    static Tensor read(Path file, String name, DType type, long[] shape, Source source) throws IOException {
        requireLittleEndian();
        Tensor tensor = Tensors.zeros(type, shape);
        ByteBuffer memory = Tensors.memory(tensor);
        source.readInto(memory.duplicate());
        if (type == DType.BOOL) checkBooleans(file, name, memory);
        return tensor;
    }

    /** Fill a buffer from a place in a file. */
    static void fill(ByteBuffer buffer, FileChannel channel, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) throw new EOFException();
            at += count;
        }
    }

    /** Fill a buffer from a stream of bytes. */
    static void fill(ByteBuffer buffer, ReadableByteChannel channel) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) throw new EOFException();
        }
    }

    /** Return the bytes that a shape takes, or −1 where a shape is too large or too long for any tensor. */
    static long size(DType type, long[] shape) {
        return size(type.bytes(), shape);
    }

    /** Return the bytes that a shape takes at this many an element, or −1 where it is too large or too long. */
    static long size(int bytesOfOne, long[] shape) {
        if (shape.length > MOST_DIMENSIONS) return -1;
        boolean empty = false;
        long bytes = bytesOfOne;
        try {
            for (long size : shape) {
                empty |= size == 0;
                // A size beside a zero must not overflow either, or the engine's own product does.
                if (size != 0) bytes = Math.multiplyExact(bytes, size);
            }
        } catch (ArithmeticException e) {
            return -1;
        }
        return empty ? 0 : bytes;
    }

    static void requireLittleEndian() {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("weights are read and written on little-endian machines only");
        }
    }

    // The engine's behavior is undefined for a boolean other than 0 or 1.
    private static void checkBooleans(Path file, String name, ByteBuffer memory) {
        for (int i = 0; i < memory.limit(); i++) {
            if ((memory.get(i) & 0xfe) != 0) {
                throw IoErrors.in(
                        file,
                        "tensor '" + IoErrors.printable(name) + "' is of booleans but element " + i + " is "
                                + (memory.get(i) & 0xff) + "; expected 0 or 1");
            }
        }
    }
}
