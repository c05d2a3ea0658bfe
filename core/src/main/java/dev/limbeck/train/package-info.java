/**
 * Train networks: learner, training loop, callbacks, learning-rate schedules, metrics, checkpoints and trackers. {@code
 * TrainingLoop} runs the steps. Distillation is a callback like any other; this package does not depend on it.
 */
@NullMarked
package dev.limbeck.train;

import org.jspecify.annotations.NullMarked;
