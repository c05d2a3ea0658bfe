package dev.limbeck.train;

import java.nio.file.Path;

/**
 * Say which training is followed, and where to.
 *
 * @param target what follows the tracker's name and a colon; empty if nothing does
 * @param run name of the run among those of one command, such as {@code alone/seed-0}; empty if it is the only one
 * @param epochs where the run's directory keeps {@code epochs.csv}; nothing else may be written there
 */
public record Tracking(String target, String run, Path epochs) {}
