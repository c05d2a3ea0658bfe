package dev.limbeck.data;

/** Stand for the content of a row as a model sees it: 128 bits; two of a billion rows are alike with a probability below 1e-20. */
public record SampleKey(long high, long low) {}
