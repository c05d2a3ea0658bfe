/**
 * Read, resize, augment and batch images from folders, archives, MNIST and CIFAR files, and generated shapes. {@link
 * dev.limbeck.data.image.Augmentation} holds the augmentation; add new operations there.
 */
@NullMarked
package dev.limbeck.data.image;

import org.jspecify.annotations.NullMarked;
