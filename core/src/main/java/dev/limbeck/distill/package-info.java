/**
 * Distil: let a student learn from the labels and from a teacher at once. Distillation is a callback; the losses are
 * in {@link dev.limbeck.distill.loss}.
 */
@NullMarked
package dev.limbeck.distill;

import org.jspecify.annotations.NullMarked;
