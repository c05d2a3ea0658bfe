/** Decode and resize images, and classify them by any runtime; needs no LibTorch. */
@NullMarked
package dev.limbeck.image;

import org.jspecify.annotations.NullMarked;
