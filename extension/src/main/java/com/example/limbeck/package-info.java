/** Show what a jar of a user's adds to Limbeck, without a change to Limbeck's own sources. */
@NullMarked
package com.example.limbeck;

import org.jspecify.annotations.NullMarked;
