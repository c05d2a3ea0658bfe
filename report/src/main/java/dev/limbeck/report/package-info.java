/** Write what a comparison found as one page that needs nothing else. */
@NullMarked
package dev.limbeck.report;

import org.jspecify.annotations.NullMarked;
