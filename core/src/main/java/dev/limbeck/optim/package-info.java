/** Update parameters: optimizers, parameter groups, learning rates by layer, and {@link dev.limbeck.optim.Schedule}s. */
@NullMarked
package dev.limbeck.optim;

import org.jspecify.annotations.NullMarked;
