/** Read rows of text files and tables, and make batches of them. */
@NullMarked
package dev.limbeck.data.rows;

import org.jspecify.annotations.NullMarked;
