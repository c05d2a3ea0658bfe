package dev.limbeck.data;

/**
 * Say something about one row that is drawn.
 *
 * @param row place in its split
 * @param text one or two short lines
 * @param marked whether it stands out, as a mistake does
 */
public record Caption(int row, String text, boolean marked) {}
