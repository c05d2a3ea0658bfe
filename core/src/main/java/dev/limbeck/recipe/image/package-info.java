/** Images in recipes: their source, preprocessing and augmentation. */
@NullMarked
package dev.limbeck.recipe.image;

import org.jspecify.annotations.NullMarked;
