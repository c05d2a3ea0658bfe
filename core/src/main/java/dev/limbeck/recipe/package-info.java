/** Describe a training run as plain data, read it from a file, and carry it out. */
@NullMarked
package dev.limbeck.recipe;

import org.jspecify.annotations.NullMarked;
