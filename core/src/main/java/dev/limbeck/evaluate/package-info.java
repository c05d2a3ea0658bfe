/**
 * Evaluate trained models: calibration, confusion matrix, fidelity to a teacher, latency and memory. Loss and accuracy
 * are computed during training, in {@code dev.limbeck.train}: see {@code Evaluator} and {@code Metric}.
 */
@NullMarked
package dev.limbeck.evaluate;

import org.jspecify.annotations.NullMarked;
