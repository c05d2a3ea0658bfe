/** Byte-level BPE and Unigram tokenizers by Hugging Face's native library, which gets only what was checked before. */
@NullMarked
package dev.limbeck.tokenizers;

import org.jspecify.annotations.NullMarked;
