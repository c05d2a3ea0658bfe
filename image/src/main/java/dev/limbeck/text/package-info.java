/** Prepare texts for networks, in training and in serving alike. */
@NullMarked
package dev.limbeck.text;

import org.jspecify.annotations.NullMarked;
