package dev.limbeck.distill.served;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.distill.teacher.AnswerException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a server says of a model.
 *
 * @param versions that it serves; empty if it does not say
 * @param platform such as {@code onnxruntime_onnx}; empty if it does not say
 * @param inputs with their batch dimension; empty if it does not say
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Metadata(List<String> versions, String platform, List<Described> inputs, List<Described> outputs) {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
    private static final int MOST_TENSORS = 1_000;
    private static final int MOST_DIMENSIONS = 8;

    @SuppressWarnings("NullAway") // JSON may leave out or null each of them
    Metadata {
        versions = versions == null ? List.of() : List.copyOf(versions);
        platform = Objects.requireNonNullElse(platform, "");
        inputs = inputs == null ? List.of() : List.copyOf(inputs);
        outputs = outputs == null ? List.of() : List.copyOf(outputs);
    }

    /**
     * Describe a tensor.
     *
     * @param shape with the batch first; −1 for any size
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Described(String name, String datatype, List<Long> shape) {
        @SuppressWarnings("NullAway") // JSON may leave out or null each of them
        Described {
            if (name == null || name.isEmpty() || datatype == null || shape == null) {
                throw new LimbeckException("a tensor must have a name, a datatype and a shape");
            }
            shape = List.copyOf(shape);
            if (shape.isEmpty()
                    || shape.size() > MOST_DIMENSIONS
                    || shape.stream().anyMatch(size -> size == 0 || size < -1)) {
                throw new LimbeckException("the shape of " + Printable.quote(name)
                        + " must be 1 to 8 sizes, each positive or -1, with the batch first, found "
                        + Printable.quote(shape.toString()));
            }
        }

        /** Return the size of the only batch that it takes; −1 for any. */
        long batch() {
            return shape.get(0);
        }

        /** Return the shape of a row; −1 for any size. */
        long[] row() {
            return shape.stream().skip(1).mapToLong(Long::longValue).toArray();
        }

        @Override
        public String toString() {
            return Printable.quote(name) + " " + Printable.quote(datatype) + " "
                    + LongStream.concat(LongStream.of(batch()), LongStream.of(row()))
                            .mapToObj(size -> size < 0 ? "?" : String.valueOf(size))
                            .collect(Collectors.joining("×"));
        }
    }

    /**
     * Read an answer.
     *
     * @param from the model's address, for messages
     * @throws AnswerException if it is not metadata, with one printable line
     */
    static Metadata read(byte[] json, String from) {
        Metadata read;
        try {
            read = JSON.readValue(json, Metadata.class);
        } catch (IOException e) {
            throw new AnswerException(
                    from + " must answer with the model's metadata as JSON, found other text (" + reason(e)
                            + "); check the address",
                    e);
        }
        if (read == null)
            throw new AnswerException(
                    from + " must answer with the model's metadata as JSON, found null; check the address");
        if (read.inputs.size() > MOST_TENSORS || read.outputs.size() > MOST_TENSORS) {
            throw new AnswerException(
                    from + " must have at most " + MOST_TENSORS + " inputs and outputs; check the address");
        }
        requireDistinct(read.inputs, from);
        requireDistinct(read.outputs, from);
        return read;
    }

    private static void requireDistinct(List<Described> tensors, String from) {
        Set<String> names = new HashSet<>();
        for (Described tensor : tensors) {
            if (names.add(tensor.name())) continue;
            throw new AnswerException(from + " must have tensors of different names, found "
                    + Printable.quote(tensor.name()) + " twice; rename one");
        }
    }

    /** Return why JSON was rejected, without the text around it. */
    static String reason(IOException e) {
        Throwable cause = e.getCause() instanceof LimbeckException ? e.getCause() : e;
        String words = cause instanceof JsonProcessingException json ? json.getOriginalMessage() : cause.getMessage();
        return Printable.quote(String.valueOf(words).lines().findFirst().orElse(""));
    }

    /** Return the version that answers, if it is known: the one of the address, or the only one that is served. */
    @Nullable
    String version(ModelAddress address) {
        if (address.version() != null) return address.version();
        return versions.size() == 1 ? versions.get(0) : null;
    }
}
