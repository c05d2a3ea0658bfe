package dev.limbeck.xgboost;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Read JSON into the same values as {@link Ubjson}. */
final class JsonValues {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private JsonValues() {}

    /**
     * Read one value that takes all bytes.
     *
     * @throws LimbeckException if the bytes are no JSON
     */
    static @Nullable Object read(byte... bytes) {
        try (JsonParser parser = FACTORY.createParser(bytes)) {
            Object value = value(parser, parser.nextToken(), 0);
            if (parser.nextToken() != null) throw wrong("nothing after the value");
            return value;
        } catch (JsonProcessingException e) {
            throw new LimbeckException(
                    "is no JSON (" + Printable.quote(e.getOriginalMessage())
                            + "); save it again with XGBoost (save_model)",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static LimbeckException wrong(String expected) {
        return new LimbeckException(
                "is no booster that can be read: expected " + expected + "; save it again with XGBoost (save_model)");
    }

    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token, int depth) throws IOException {
        if (token == null) throw wrong("a value, found the end of the file");
        if (depth > Ubjson.DEEPEST) throw wrong("at most " + Ubjson.DEEPEST + " lists and maps inside each other");
        return switch (token) {
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case START_ARRAY -> list(parser, depth + 1);
            case START_OBJECT -> map(parser, depth + 1);
            default -> null;
        };
    }

    private static Object list(JsonParser parser, int depth) throws IOException {
        Ubjson.Numbers numbers = new Ubjson.Numbers();
        List<@Nullable Object> others = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            Object value = value(parser, token, depth);
            if (value instanceof Double number && others.isEmpty()) {
                numbers.add(number);
            } else {
                numbers.moveTo(others);
                others.add(value);
            }
        }
        return others.isEmpty() ? numbers.all() : others;
    }

    private static Map<String, @Nullable Object> map(JsonParser parser, int depth) throws IOException {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            map.put(name, value(parser, parser.nextToken(), depth));
        }
        return map;
    }
}
