/** Hold what every other package leans on: the one exception of Limbeck and the search for a near name. */
@NullMarked
package dev.limbeck;

import org.jspecify.annotations.NullMarked;
