/** Predict classes or numbers with a trained model. */
@NullMarked
package dev.limbeck.predict;

import org.jspecify.annotations.NullMarked;
