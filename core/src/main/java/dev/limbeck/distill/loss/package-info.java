/**
 * Measure how far a student is from its teacher, one loss a file. Every loss takes the softmax over dimension 1, is a
 * mean over the batch whatever the number of classes, and carries T² where its formula has it, whatever its weight.
 */
@NullMarked
package dev.limbeck.distill.loss;

import org.jspecify.annotations.NullMarked;
