/**
 * Update parameters: optimizers, parameter groups, learning rates by layer, and {@link dev.limbeck.optim.Schedule}s.
 * The training loop reads the learning rate from {@code TrainingContext}; {@code OneCycle} and other callbacks set it.
 */
@NullMarked
package dev.limbeck.optim;

import org.jspecify.annotations.NullMarked;
