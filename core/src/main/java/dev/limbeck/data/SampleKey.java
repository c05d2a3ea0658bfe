package dev.limbeck.data;

/**
 * Identify the content of a preprocessed row with 128 bits. Among a billion rows, a collision has a probability below
 * 1e-20.
 */
public record SampleKey(long high, long low) {}
