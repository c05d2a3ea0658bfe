package dev.limbeck;

import org.jspecify.annotations.Nullable;

/**
 * Name something of an open list, and what it is to work with: {@code name} or {@code name:target}.
 *
 * @param target null where no colon follows the name
 */
public record NamedTarget(String name, @Nullable String target) {
    /** Split a text at its first colon. */
    public static NamedTarget of(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? new NamedTarget(text, null)
                : new NamedTarget(text.substring(0, colon), text.substring(colon + 1));
    }
}
