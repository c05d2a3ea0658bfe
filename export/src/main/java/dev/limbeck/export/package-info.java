/** Bring models out of Limbeck: as ONNX, TorchScript or safetensors, each run in its own runtime before it is trusted. */
@NullMarked
package dev.limbeck.export;

import org.jspecify.annotations.NullMarked;
