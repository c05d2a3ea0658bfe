/** Provide rows of tables. */
@NullMarked
package dev.limbeck.data.table;

import org.jspecify.annotations.NullMarked;
