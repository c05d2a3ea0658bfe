/**
 * Distill knowledge: train a student on the labels and a teacher's outputs. {@link
 * dev.limbeck.distill.KnowledgeDistillation} is the training callback that weights and sums the losses of {@link
 * dev.limbeck.distill.loss}. Teachers are in {@link dev.limbeck.distill.teacher}, their cached outputs in {@link
 * dev.limbeck.distill.cache}.
 */
@NullMarked
package dev.limbeck.distill;

import org.jspecify.annotations.NullMarked;
