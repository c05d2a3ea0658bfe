/** Provide what every other package uses: the exception type, the search for similar names, tasks and predictions. */
@NullMarked
package dev.limbeck;

import org.jspecify.annotations.NullMarked;
