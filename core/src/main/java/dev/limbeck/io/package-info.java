/** Read and write files safely: atomic files, locks, downloads with checksums, archives, and one-line file errors. */
@NullMarked
package dev.limbeck.io;

import org.jspecify.annotations.NullMarked;
