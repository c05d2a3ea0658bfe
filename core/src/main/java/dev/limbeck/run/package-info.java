/** Write and read run directories: the model, the run record and the epochs. */
@NullMarked
package dev.limbeck.run;

import org.jspecify.annotations.NullMarked;
