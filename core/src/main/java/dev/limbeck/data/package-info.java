/**
 * Feed batches to training and evaluation: splits, batches, and streams that worker threads fill ahead of the
 * consumer. Nothing here knows what the inputs are.
 */
@NullMarked
package dev.limbeck.data;

import org.jspecify.annotations.NullMarked;
