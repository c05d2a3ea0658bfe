/** Measure the library through the learner, as users do. See docs/performance.md. */
@NullMarked
package dev.limbeck.bench;

import org.jspecify.annotations.NullMarked;
