package dev.limbeck.distill.served;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.limbeck.Printable;
import dev.limbeck.distill.teacher.AnswerException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold a request for the outputs of some rows. Its bytes are copies: a request that was given up may still be on its way
 * when the tensor's memory is freed.
 *
 * @param json the first part
 * @param binary the tensors behind it, in order; empty if the JSON has their numbers
 */
record Request(byte[] json, List<byte[]> binary) {
    private static final JsonFactory JSON = new JsonFactory();

    /** Name a tensor to send as a type. It is contiguous, on the CPU, and its first dimension is the row. */
    record Part(String name, ElementType type, Tensor tensor) {
        /** Return the shape in the protocol; texts have no dimension of bytes. */
        private long[] shape(boolean flat) {
            long[] shape = tensor.shape();
            if (type != ElementType.BYTES) return shape;
            return flat ? new long[] {shape[0]} : new long[] {shape[0], shape[1]};
        }
    }

    /**
     * Encode rows.
     *
     * @param output wanted; empty for all
     * @param asJson whether numbers are written as JSON
     * @param flatTexts whether texts have the rows as their only dimension
     */
    static Request of(List<Part> inputs, String output, boolean asJson, boolean flatTexts) {
        List<byte[]> binary = new ArrayList<>();
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (JsonGenerator writer = JSON.createGenerator(json)) {
            writer.writeStartObject();
            writer.writeArrayFieldStart("inputs");
            for (Part input : inputs) {
                writer.writeStartObject();
                writer.writeStringField("name", input.name());
                writer.writeStringField("datatype", input.type().name());
                writer.writeFieldName("shape");
                long[] shape = input.shape(flatTexts);
                writer.writeArray(shape, 0, shape.length);
                if (asJson) {
                    writer.writeFieldName("data");
                    writeData(writer, input);
                } else {
                    byte[] bytes = bytes(input);
                    binary.add(bytes);
                    writeParameter(writer, "binary_data_size", bytes.length);
                }
                writer.writeEndObject();
            }
            writer.writeEndArray();
            writeOutputs(writer, output, asJson);
            writer.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a stream in memory does not fail
        }
        return new Request(json.toByteArray(), binary);
    }

    private static void writeOutputs(JsonGenerator writer, String output, boolean asJson) throws IOException {
        if (!output.isEmpty()) {
            writer.writeArrayFieldStart("outputs");
            writer.writeStartObject();
            writer.writeStringField("name", output);
            if (!asJson) writeFlag(writer, "binary_data");
            writer.writeEndObject();
            writer.writeEndArray();
        } else if (!asJson) {
            writeFlag(writer, "binary_data_output");
        }
    }

    private static void writeParameter(JsonGenerator writer, String name, long value) throws IOException {
        writer.writeObjectFieldStart("parameters");
        writer.writeNumberField(name, value);
        writer.writeEndObject();
    }

    private static void writeFlag(JsonGenerator writer, String name) throws IOException {
        writer.writeObjectFieldStart("parameters");
        writer.writeBooleanField(name, true);
        writer.writeEndObject();
    }

    private static void writeData(JsonGenerator writer, Part input) throws IOException {
        switch (input.type()) {
            case BYTES -> {
                String[] texts = Tensors.toTexts(input.tensor());
                writer.writeArray(texts, 0, texts.length);
            }
            case FP64 -> {
                double[] values = Tensors.toDoubles(input.tensor());
                writer.writeArray(values, 0, values.length);
            }
            case FP32 -> {
                writer.writeStartArray();
                for (float value : Tensors.toFloats(input.tensor())) writer.writeNumber(value);
                writer.writeEndArray();
            }
            default -> {
                long[] values = Tensors.toLongs(input.tensor());
                writer.writeArray(values, 0, values.length);
            }
        }
    }

    private static byte[] bytes(Part input) {
        if (input.type() == ElementType.BYTES) return texts(Tensors.toTexts(input.tensor()));
        DType type = input.type().type();
        Tensor sent = DType.of(input.tensor()) == type ? input.tensor() : Tensors.to(input.tensor(), type);
        if (!type.isFloatingPoint() && !Arrays.equals(Tensors.toLongs(sent), Tensors.toLongs(input.tensor()))) {
            throw new AnswerException("the input " + Printable.quote(input.name()) + " takes " + input.type()
                    + ", found numbers that do not fit; serve the model with INT64 inputs");
        }
        ByteBuffer memory = Tensors.memory(sent);
        byte[] bytes = new byte[memory.remaining()];
        memory.get(bytes);
        return bytes;
    }

    private static byte[] texts(String... texts) {
        List<byte[]> all = new ArrayList<>();
        int length = 0;
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            all.add(bytes);
            length = Math.addExact(length, Integer.BYTES + bytes.length);
        }
        ByteBuffer joined = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] bytes : all) joined.putInt(bytes.length).put(bytes);
        return joined.array();
    }
}
