/** Offer the library as commands; each is a thin shell. Only this package prints and decides exit codes. */
@NullMarked
package dev.limbeck.cli;

import org.jspecify.annotations.NullMarked;
