/**
 * Build networks from modules: named children, parameters and buffers, hooks, training and evaluation mode, state
 * dicts, and TorchScript sources for exporters.
 */
@NullMarked
package dev.limbeck.nn;

import org.jspecify.annotations.NullMarked;
