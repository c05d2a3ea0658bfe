/** Hold teachers: what answers for a batch, outside the graph and unchanged. */
@NullMarked
package dev.limbeck.distill.teacher;

import org.jspecify.annotations.NullMarked;
