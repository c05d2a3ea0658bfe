/**
 * Build networks from modules: named children, parameters and buffers, hooks, train and eval mode, state dicts, and a
 * TorchScript description of the computation that exporters can walk.
 */
@NullMarked
package dev.limbeck.nn;

import org.jspecify.annotations.NullMarked;
