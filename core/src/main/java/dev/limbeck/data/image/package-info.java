/**
 * Read, resize, augment and batch images from folders, archives, MNIST and CIFAR files, and from a data set that is
 * drawn on the spot.
 */
@NullMarked
package dev.limbeck.data.image;

import org.jspecify.annotations.NullMarked;
