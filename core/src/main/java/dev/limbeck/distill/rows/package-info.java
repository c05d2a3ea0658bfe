/** Teachers of texts and tables. */
@NullMarked
package dev.limbeck.distill.rows;

import org.jspecify.annotations.NullMarked;
