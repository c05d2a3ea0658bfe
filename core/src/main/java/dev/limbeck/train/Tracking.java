package dev.limbeck.train;

import java.nio.file.Path;

/**
 * Hold what a tracker needs to know about a training.
 *
 * @param target text after the tracker's name and a colon; empty if there is none
 * @param run name of the run within one command, such as {@code alone/seed-0}; empty for a single run
 * @param epochs path of {@code epochs.csv} in the run directory; trackers may write only this file there
 */
public record Tracking(String target, String run, Path epochs) {}
