/** Measure the library as its users meet it: through the learner. See docs/performance.md. */
@NullMarked
package dev.limbeck.bench;

import org.jspecify.annotations.NullMarked;
