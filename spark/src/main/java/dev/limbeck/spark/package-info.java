/**
 * Work on many machines with Apache Spark: {@link dev.limbeck.spark.Label} computes a teacher's outputs for many rows, {@link
 * dev.limbeck.spark.Launch} starts the processes of a training. Both are main classes for {@code spark-submit}.
 */
@NullMarked
package dev.limbeck.spark;

import org.jspecify.annotations.NullMarked;
