/**
 * Run teachers: sources of logits for a batch, frozen and without autograd. {@code OutputAdapter} converts a foreign
 * model's outputs to logits; {@code TeacherInput} converts the student's inputs.
 */
@NullMarked
package dev.limbeck.distill.teacher;

import org.jspecify.annotations.NullMarked;
