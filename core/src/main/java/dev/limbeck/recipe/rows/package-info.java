/** Declare the settings of texts and tables in recipes. */
@NullMarked
package dev.limbeck.recipe.rows;

import org.jspecify.annotations.NullMarked;
