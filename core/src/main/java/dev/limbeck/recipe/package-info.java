/**
 * Describe a training run as plain data (a recipe), read it from a file, and run it. {@link dev.limbeck.recipe.Setting}
 * declares each setting once; {@link dev.limbeck.recipe.RecipeRun} runs a recipe.
 */
@NullMarked
package dev.limbeck.recipe;

import org.jspecify.annotations.NullMarked;
