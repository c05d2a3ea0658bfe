/**
 * Save and open trained models, and load pretrained weights. {@link dev.limbeck.model.BackboneWeights} maps a
 * checkpoint's state dict to an architecture without its classifier; {@link dev.limbeck.model.WeightSelection} starts a network
 * from blocks and channels of a larger one; {@code dev.limbeck.weights.WeightFit} maps
 * complete networks.
 */
@NullMarked
package dev.limbeck.model;

import org.jspecify.annotations.NullMarked;
