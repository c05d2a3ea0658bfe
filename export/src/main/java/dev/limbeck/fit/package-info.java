/** Choose the best student that fits a budget of latency and size. */
@NullMarked
package dev.limbeck.fit;

import org.jspecify.annotations.NullMarked;
