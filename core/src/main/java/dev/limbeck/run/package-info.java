/** Write and read run directories: the model, the run record and the epoch table. */
@NullMarked
package dev.limbeck.run;

import org.jspecify.annotations.NullMarked;
