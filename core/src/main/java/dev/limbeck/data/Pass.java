package dev.limbeck.data;

/**
 * Say which rows a pass takes, in order, and in which view.
 *
 * @param view index of the augmentation draw; {@link Provenance#PLAIN} for no augmentation
 * @param rows positions in the split; do not change them
 */
public record Pass(Split split, int view, int[] rows) {}
