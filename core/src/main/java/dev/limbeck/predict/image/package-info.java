/** Predict classes or numbers for images. */
@NullMarked
package dev.limbeck.predict.image;

import org.jspecify.annotations.NullMarked;
