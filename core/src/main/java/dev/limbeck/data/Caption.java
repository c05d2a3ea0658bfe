package dev.limbeck.data;

/**
 * Hold the caption of a row in a picture.
 *
 * @param row position in its split
 * @param text one or two short lines
 * @param marked whether to highlight it, such as an error
 */
public record Caption(int row, String text, boolean marked) {}
