/**
 * Cache a teacher's outputs in memory or in a folder. {@link dev.limbeck.distill.cache.CachedTeacher} wraps a teacher;
 * {@code CachedSession} looks up and computes rows.
 */
@NullMarked
package dev.limbeck.distill.cache;

import org.jspecify.annotations.NullMarked;
