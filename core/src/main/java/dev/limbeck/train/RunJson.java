package dev.limbeck.train;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.limbeck.LimbeckException;
import dev.limbeck.weights.FileTrouble;
import java.io.IOException;
import java.nio.file.Path;

/** Write and read records as JSON with one spelling: names in snake_case, and null for a number that there is not. */
public final class RunJson {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .registerModule(new SimpleModule()
                    .addSerializer(Double.class, new FiniteNumbers())
                    .addSerializer(double.class, new FiniteNumbers()));

    private RunJson() {}

    /** Return one indented document for maps, lists, records, texts and numbers. */
    public static String write(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record cannot be written as JSON", e);
        }
    }

    /**
     * Read a document.
     *
     * @throws LimbeckException in one line, if the file cannot be read or does not hold a JSON object
     */
    public static ObjectNode read(Path file) {
        try {
            if (JSON.readTree(file.toFile()) instanceof ObjectNode document) return document;
            throw new LimbeckException(file + " holds no record; expected a JSON object");
        } catch (JsonProcessingException e) {
            throw new LimbeckException(file + " is damaged: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw FileTrouble.reading(file, e);
        }
    }

    /**
     * Return the record that a part of such a document describes.
     *
     * @throws JsonProcessingException if the part is of another shape
     */
    public static <T> T read(JsonNode part, Class<T> type) throws JsonProcessingException {
        return JSON.treeToValue(part, type);
    }

    /** JSON has no NaN; Jackson would write it as a text. */
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
