/**
 * Train one model in several processes, on one machine or several, with LibTorch's c10d over Gloo. Only {@link
 * dev.limbeck.distributed.Gloo} calls c10d.
 */
@NullMarked
package dev.limbeck.distributed;

import org.jspecify.annotations.NullMarked;
