/** Provide texts. */
@NullMarked
package dev.limbeck.data.text;

import org.jspecify.annotations.NullMarked;
