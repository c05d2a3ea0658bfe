package dev.limbeck.distill.served;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.limbeck.Printable;
import dev.limbeck.distill.teacher.AnswerException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold the numbers of one output, checked against their shape. They are outside the engine's memory.
 *
 * @param type of the bytes
 * @param bytes of all elements, row-major and little-endian, in a direct buffer
 * @param version of the model that computed them; null if the server does not say
 * @param others names of the other outputs that came with it
 */
record Answer(
        String output,
        ElementType type,
        long[] shape,
        ByteBuffer bytes,
        @Nullable String version,
        List<String> others) {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            // Not JSON, but what Python writes; NaN is reported as such later.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();
    private static final int MOST_DIMENSIONS = 8;
    private static final int FIRST_CAPACITY = 1 << 10;

    /** The answer's JSON. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Document(
            @JsonProperty("model_version") @Nullable String version,
            @Nullable List<Output> outputs) {}

    /** An output in the answer's JSON; its numbers are here or behind the JSON. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Output(
            @Nullable String name,
            @Nullable String datatype,
            long @Nullable [] shape,
            @Nullable Parameters parameters,
            @JsonDeserialize(using = FlatNumbers.class) float @Nullable [] data) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Parameters(
            @JsonProperty("binary_data_size") @Nullable Long binarySize) {}

    /** Read numbers in lists of any depth, row-major. */
    private static final class FlatNumbers extends StdDeserializer<float[]> {
        private static final long serialVersionUID = 1L;

        FlatNumbers() {
            super(float[].class);
        }

        @Override
        public float[] deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            float[] values = new float[FIRST_CAPACITY];
            int count = 0;
            int depth = 0;
            JsonToken token = parser.currentToken();
            do {
                if (token == JsonToken.START_ARRAY) depth++;
                else if (token == JsonToken.END_ARRAY) depth--;
                else if (token != null && token.isNumeric() && depth > 0) {
                    if (count == values.length) values = Arrays.copyOf(values, 2 * count);
                    values[count++] = parser.getFloatValue();
                } else return (float[]) context.handleUnexpectedToken(float[].class, parser);
                if (depth > 0) token = parser.nextToken();
            } while (depth > 0);
            return Arrays.copyOf(values, count);
        }
    }

    /**
     * Read an answer: JSON, and behind it the outputs whose numbers it does not contain.
     *
     * @param body the whole answer
     * @param jsonLength bytes of JSON; all of them if the answer has no binary part
     * @param wanted name of the output; empty for the first
     * @param from the model's address, for messages
     * @throws AnswerException if anything does not fit, with one printable line
     */
    static Answer read(byte[] body, int jsonLength, String wanted, String from) {
        Document document;
        try {
            document = JSON.readValue(body, 0, jsonLength, Document.class);
        } catch (IOException e) {
            throw wrong(from, "must answer with JSON of the protocol", "other text (" + Metadata.reason(e) + ")");
        }
        List<Output> outputs = document == null || document.outputs == null ? List.of() : document.outputs;
        if (outputs.isEmpty() || outputs.contains(null)) throw wrong(from, "must answer with outputs", "none");
        int at = jsonLength;
        Answer found = null;
        for (Output output : outputs) {
            Long size = output.parameters == null ? null : output.parameters.binarySize;
            if (size != null && (size < 0 || size > body.length - at)) {
                throw wrong(from, "must send the " + size + " bytes that it announces", (body.length - at) + " bytes");
            }
            int length = size == null ? 0 : size.intValue();
            boolean taken = wanted.isEmpty() ? found == null : wanted.equals(output.name);
            if (taken)
                found = of(output, size == null ? null : ByteBuffer.wrap(body, at, length), document, outputs, from);
            at += length;
        }
        if (at != body.length) throw wrong(from, "must end after its tensors", (body.length - at) + " more bytes");
        if (found == null)
            throw wrong(from, "must answer with the output '" + Printable.quote(wanted) + "'", names(outputs));
        return found;
    }

    private static Answer of(
            Output output, @Nullable ByteBuffer binary, Document document, List<Output> outputs, String from) {
        String name = Objects.requireNonNullElse(output.name, "");
        String who = "must describe its output '" + Printable.quote(name) + "' by datatype and shape";
        String datatype = Objects.requireNonNullElse(output.datatype, "");
        ElementType type = ElementType.of(datatype);
        if (type == null || type == ElementType.BYTES) {
            throw wrong(
                    from, "must answer with numbers, FP32 or others", "datatype '" + Printable.quote(datatype) + "'");
        }
        long[] shape = output.shape;
        if (shape == null || shape.length > MOST_DIMENSIONS) throw wrong(from, who, "no such shape");
        long count = 1;
        for (long size : shape) {
            if (size < 0 || size > Integer.MAX_VALUE) throw wrong(from, who, "a size of " + size);
            count = Math.min(count * size, Integer.MAX_VALUE); // both are below 2^31
        }
        String words = Tensors.shapeText(shape) + " " + type;
        ByteBuffer bytes;
        DType stored = type.type();
        if (binary != null) {
            if (binary.remaining() != count * stored.bytes()) {
                throw wrong(from, "must send as many bytes as " + words + " has", binary.remaining() + " bytes");
            }
            bytes = ByteBuffer.allocateDirect(binary.remaining()).put(binary);
        } else {
            float[] data = output.data;
            if (data == null || data.length != count) {
                throw wrong(
                        from,
                        "must send as many numbers as " + words + " has",
                        (data == null ? 0 : data.length) + " numbers");
            }
            if (stored.isFloatingPoint()) type = ElementType.FP32;
            bytes = stored.isFloatingPoint() ? floats(data) : integers(data);
            if (!stored.isFloatingPoint()) type = ElementType.INT64;
        }
        List<String> others = outputs.stream()
                .filter(other -> other != output)
                .map(other -> Printable.quote(String.valueOf(other.name)))
                .toList();
        return new Answer(name, type, shape, bytes.flip(), document.version, others);
    }

    private static ByteBuffer floats(float... data) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(data.length * Float.BYTES).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(data);
        return bytes.position(bytes.capacity());
    }

    private static ByteBuffer integers(float... data) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(data.length * Long.BYTES).order(ByteOrder.nativeOrder());
        for (float value : data) bytes.putLong((long) value);
        return bytes;
    }

    private static String names(List<Output> outputs) {
        return Printable.quote(
                outputs.stream().map(output -> String.valueOf(output.name)).collect(Collectors.joining(", ")));
    }

    private static AnswerException wrong(String from, String expected, String found) {
        return new AnswerException(from + " " + expected + ", found " + found + "; check the server");
    }

    /** Return the numbers as a tensor, floating-point ones as float32, in the caller's scope. */
    Tensor tensor() {
        Tensor made = Tensors.copyOf(bytes, type.type(), shape);
        return type.type().isFloatingPoint() ? Tensors.to(made, DType.FLOAT32) : made;
    }
}
