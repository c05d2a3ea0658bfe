/** Show how a user's jar extends Limbeck without changes to Limbeck's own sources. */
@NullMarked
package com.example.limbeck;

import org.jspecify.annotations.NullMarked;
