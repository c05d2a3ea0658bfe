/** Read and write weights: safetensors, and PyTorch checkpoints and TorchScript files without running what they hold. */
@NullMarked
package dev.limbeck.weights;

import org.jspecify.annotations.NullMarked;
