/**
 * Distillation losses, one per file. All softmaxes run over dimension 1. A loss is a mean over the batch, and includes
 * the factor T² if its formula does. {@code Softened} holds the temperature-scaled probabilities.
 */
@NullMarked
package dev.limbeck.distill.loss;

import org.jspecify.annotations.NullMarked;
