/** Judge finished models: how fast and how large they are. */
@NullMarked
package dev.limbeck.evaluate;

import org.jspecify.annotations.NullMarked;
