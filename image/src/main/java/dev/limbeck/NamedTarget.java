package dev.limbeck;

import org.jspecify.annotations.Nullable;

/**
 * Hold a name with an optional target: {@code name} or {@code name:target}.
 *
 * @param target null if the name is not followed by a colon
 */
public record NamedTarget(String name, @Nullable String target) {
    /** Parse a text, split at its first colon. */
    public static NamedTarget of(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? new NamedTarget(text, null)
                : new NamedTarget(text.substring(0, colon), text.substring(colon + 1));
    }
}
