/** Use a trained model: from an image to class names and probabilities. */
@NullMarked
package dev.limbeck.predict;

import org.jspecify.annotations.NullMarked;
