package dev.limbeck.data;

import java.util.Base64;

/**
 * Hold what people see of a row.
 *
 * @param mime type of the content, such as {@code image/png}; {@code text/plain} for text
 * @param content the bytes; UTF-8 for text
 */
public record Example(String mime, byte[] content) {
    /** Return a {@code data:} address that holds all of it. */
    public String address() {
        return "data:" + mime + ";base64," + Base64.getEncoder().encodeToString(content);
    }
}
