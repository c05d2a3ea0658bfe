/** Read and write files safely: atomic files, locks, downloads with checksums, archives, file errors in one line. */
@NullMarked
package dev.limbeck.io;

import org.jspecify.annotations.NullMarked;
