/**
 * Train one model in several processes, on one machine or several, with LibTorch's c10d. Only {@link
 * dev.limbeck.distributed.C10d} calls it.
 */
@NullMarked
package dev.limbeck.distributed;

import org.jspecify.annotations.NullMarked;
