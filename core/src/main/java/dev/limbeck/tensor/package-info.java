/**
 * Guard the only door to LibTorch: nothing outside this package imports {@code org.bytedeco.pytorch.global} or
 * constructs the engine's options, IValues and vectors, because several of their overloads compile and then abort the
 * JVM. A tensor is the engine's own {@link org.bytedeco.pytorch.Tensor}.
 */
@NullMarked
package dev.limbeck.tensor;

import org.jspecify.annotations.NullMarked;
