/** Save and open trained models, and start a network from weights that were trained before. */
@NullMarked
package dev.limbeck.model;

import org.jspecify.annotations.NullMarked;
