/** Cache a teacher's outputs in memory or in a folder, so that each is computed once. */
@NullMarked
package dev.limbeck.distill.cache;

import org.jspecify.annotations.NullMarked;
