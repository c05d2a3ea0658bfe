/** Write the results of a comparison as one self-contained page. */
@NullMarked
package dev.limbeck.report;

import org.jspecify.annotations.NullMarked;
