package dev.limbeck.cli;

import org.jspecify.annotations.Nullable;

/**
 * Hold what a result had to be, and whether it is.
 *
 * @param name such as {@code accuracy >= 0.9}
 * @param failure what was expected and found, in one line; null if the result is good enough
 */
record Gate(String name, @Nullable String failure) {}
