package dev.limbeck.recipe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Report every number and boolean of a document as its original text. YAML would read the names {@code 2024.10} and
 * {@code 007} as the numbers 2024.1 and 7. Only the setting knows the type of its value.
 */
final class ScalarsAsText extends JsonParserDelegate {
    ScalarsAsText(JsonParser parser) {
        super(parser);
    }

    private static @Nullable JsonToken asText(@Nullable JsonToken token) {
        return token == null || token == JsonToken.VALUE_NULL || !token.isScalarValue()
                ? token
                : JsonToken.VALUE_STRING;
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
        return asText(super.nextToken());
    }

    @Override
    public @Nullable JsonToken nextValue() throws IOException {
        return asText(super.nextValue());
    }

    @Override
    public @Nullable JsonToken currentToken() {
        return asText(super.currentToken());
    }

    @Override
    public int currentTokenId() {
        JsonToken token = currentToken();
        return token == null ? JsonToken.NOT_AVAILABLE.id() : token.id();
    }

    @Override
    public boolean hasToken(JsonToken token) {
        return currentToken() == token;
    }

    @Override
    public boolean hasTokenId(int id) {
        return currentTokenId() == id;
    }
}
