/**
 * Ask models behind servers that speak the Open Inference Protocol, version 2 (KServe, Triton and others), with its
 * binary tensor extension. {@code ServedModel} converts tensors; {@code Connection} sends, waits and tries again.
 */
@NullMarked
package dev.limbeck.distill.served;

import org.jspecify.annotations.NullMarked;
