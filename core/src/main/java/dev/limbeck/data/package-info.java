/**
 * Provide batches for training and evaluation: splits, batches, and loaders with worker threads. This package is
 * independent of the kind of inputs.
 */
@NullMarked
package dev.limbeck.data;

import org.jspecify.annotations.NullMarked;
