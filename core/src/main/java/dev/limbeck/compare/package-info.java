/** Find out whether distillation helped, and which settings help most: paired runs, intervals, search. */
@NullMarked
package dev.limbeck.compare;

import org.jspecify.annotations.NullMarked;
