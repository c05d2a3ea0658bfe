/**
 * Read and write weights: safetensors, PyTorch checkpoints without running what they hold, downloads with checksums,
 * archives unpacked safely.
 */
@NullMarked
package dev.limbeck.weights;

import org.jspecify.annotations.NullMarked;
