/** Export models as ONNX, TorchScript or safetensors, each verified in its own runtime. */
@NullMarked
package dev.limbeck.export;

import org.jspecify.annotations.NullMarked;
