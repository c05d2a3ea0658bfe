package dev.limbeck.run;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/** Read and write JSON records: snake_case names, and null for NaN and infinity. */
public final class RunJson {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .registerModule(new SimpleModule()
                    .addSerializer(Double.class, new FiniteNumbers())
                    .addSerializer(double.class, new FiniteNumbers())
                    .addDeserializer(Double.class, new NumbersOrNaN())
                    .addDeserializer(double.class, new NumbersOrNaN()));

    private static final String SEAL = "file";
    private static final String SUM = "checksum";
    private static final String MARK = "crc32c:";

    private RunJson() {}

    /** Return an indented document for maps, lists, records, strings and numbers. */
    public static String write(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record cannot be written as JSON", e);
        }
    }

    /** Return a document in one line. */
    public static String line(Object value) {
        try {
            return JSON.writer().without(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record cannot be written as JSON", e);
        }
    }

    /**
     * Return an indented document with a checksum in {@code file.checksum}, which {@link #read} verifies. It is a
     * CRC-32C of the content, independent of whitespace and key order. It detects damage, not forgery.
     */
    public static String sealed(Object value) {
        try {
            // Read back, to get the numbers as a file stores them.
            ObjectNode document = (ObjectNode) JSON.readTree(write(value));
            String sum = sum(document);
            document.putObject(SEAL).put(SUM, sum);
            return write(document) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was written cannot be read", e);
        }
    }

    /**
     * Read a document and remove its checksum.
     *
     * @throws LimbeckException with a one-line message, if the file is unreadable, is not a JSON object, or does not
     *     match its checksum; a missing checksum is accepted
     */
    public static ObjectNode read(Path file) {
        IoErrors.requireFile(file);
        try {
            if (JSON.readTree(file.toFile()) instanceof ObjectNode document) {
                check(file, document);
                return document;
            }
            throw new LimbeckException(file + " has no record; expected a JSON object");
        } catch (JsonProcessingException e) {
            // Text in brackets is about the parser.
            throw new LimbeckException(
                    file + " is damaged: " + e.getOriginalMessage().replaceAll("(?s)\\s*[(\\[].*", ""), e);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /**
     * Read a typed record from a file.
     *
     * @throws LimbeckException as {@link #read(Path)}, or if the document has another structure
     */
    static <T> T read(Path file, ObjectNode document, Class<T> type) {
        try {
            return read(document, type);
        } catch (JsonMappingException e) {
            String place = e.getPath().stream()
                    .map(part -> part.getFieldName() == null ? "[" + part.getIndex() + "]" : "." + part.getFieldName())
                    .collect(Collectors.joining())
                    .replaceFirst("^\\.", "");
            throw IoErrors.in(file, "is not as it was written: " + place + " is of another kind; make it again");
        } catch (JsonProcessingException e) {
            throw IoErrors.in(file, "is not as it was written; make it again");
        }
    }

    /** Convert maps, lists, strings and numbers to a JSON object. */
    static ObjectNode tree(Map<String, Object> value) {
        return JSON.valueToTree(value);
    }

    private static void check(Path file, ObjectNode document) {
        JsonNode seal = document.remove(SEAL);
        if (seal == null
                ? isSealedElsewhere(document)
                : !seal.path(SUM).asText().equals(sum(document))) {
            throw IoErrors.in(
                    file,
                    "was damaged or edited after it was written; copy or make it again, or, if it was meant, take its entry "
                            + SEAL + " out");
        }
    }

    /** Return whether the checksum is present under a damaged name. */
    private static boolean isSealedElsewhere(ObjectNode document) {
        for (JsonNode value : document) {
            for (JsonNode inner : value) {
                if (value.size() == 1 && inner.asText().startsWith(MARK)) return true;
            }
        }
        return false;
    }

    private static String sum(JsonNode document) {
        CRC32C sum = new CRC32C();
        add(sum, document);
        return MARK + HexFormat.of().toHexDigits((int) sum.getValue());
    }

    private static void add(CRC32C sum, JsonNode node) {
        if (node.isObject()) {
            add(sum, "object", String.valueOf(node.size()));
            Map<String, JsonNode> sorted = new TreeMap<>();
            node.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            sorted.forEach((key, value) -> {
                add(sum, "key", key);
                add(sum, value);
            });
        } else if (node.isArray()) {
            add(sum, "array", String.valueOf(node.size()));
            node.forEach(element -> add(sum, element));
        } else if (node.isFloatingPointNumber()) {
            double value = node.doubleValue();
            // Other tools may write 1 for 1.0.
            boolean whole = value == Math.rint(value) && Math.abs(value) < 1L << 53;
            add(sum, "number", whole ? String.valueOf((long) value) : String.valueOf(value));
        } else {
            add(sum, node.isNumber() ? "number" : node.getNodeType().toString(), node.asText());
        }
    }

    /** Add strings with their lengths, to separate neighbors. */
    private static void add(CRC32C sum, String... texts) {
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            sum.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
            sum.update(bytes);
        }
    }

    /**
     * Convert a part of a document to a record.
     *
     * @throws JsonProcessingException if the part has another structure
     */
    public static <T> T read(JsonNode part, Class<T> type) throws JsonProcessingException {
        return JSON.treeToValue(part, type);
    }

    /** Read the null of {@link FiniteNumbers} as NaN, not zero. */
    private static final class NumbersOrNaN extends StdDeserializer<Double> {
        private static final long serialVersionUID = 1L;

        NumbersOrNaN() {
            super(Double.class);
        }

        @Override
        public Double deserialize(JsonParser json, DeserializationContext context) throws IOException {
            return _parseDoublePrimitive(json, context);
        }

        @Override
        public Double getNullValue(DeserializationContext context) {
            return Double.NaN;
        }

        @Override
        public Object getAbsentValue(DeserializationContext context) {
            return Double.NaN;
        }
    }

    /** JSON has no NaN; Jackson would write a string. */
    private static final class FiniteNumbers extends StdSerializer<Double> {
        private static final long serialVersionUID = 1L;

        FiniteNumbers() {
            super(Double.class);
        }

        @Override
        public void serialize(Double value, JsonGenerator json, SerializerProvider provider) throws IOException {
            if (Double.isFinite(value)) json.writeNumber(value);
            else json.writeNull();
        }
    }
}
