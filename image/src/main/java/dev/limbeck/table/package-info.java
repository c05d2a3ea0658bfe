/** Prepare rows of tables for networks, in training and in serving alike. */
@NullMarked
package dev.limbeck.table;

import org.jspecify.annotations.NullMarked;
