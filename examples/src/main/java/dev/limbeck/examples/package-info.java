/** Show how to use Limbeck, in programs to copy from. */
@NullMarked
package dev.limbeck.examples;

import org.jspecify.annotations.NullMarked;
