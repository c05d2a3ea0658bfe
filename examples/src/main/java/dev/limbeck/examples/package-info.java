/** Show how Limbeck is used, in programs to copy from. */
@NullMarked
package dev.limbeck.examples;

import org.jspecify.annotations.NullMarked;
