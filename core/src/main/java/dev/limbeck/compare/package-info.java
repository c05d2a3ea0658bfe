/** Compare and search: paired runs with confidence intervals, and hyperparameter sweeps. */
@NullMarked
package dev.limbeck.compare;

import org.jspecify.annotations.NullMarked;
