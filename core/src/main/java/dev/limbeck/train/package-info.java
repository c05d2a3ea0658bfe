/**
 * Train networks: the learner and its loop, callbacks, schedules, optimizers, metrics, checkpoints and run directories.
 * Knows nothing of distillation, which is a callback like any other.
 */
@NullMarked
package dev.limbeck.train;

import org.jspecify.annotations.NullMarked;
