/** Decode and resize images, and classify them with any runtime. LibTorch is not required. */
@NullMarked
package dev.limbeck.image;

import org.jspecify.annotations.NullMarked;
