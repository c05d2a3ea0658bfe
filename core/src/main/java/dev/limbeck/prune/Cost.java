package dev.limbeck.prune;

/**
 * Hold what a network costs.
 *
 * @param macs multiply–accumulate operations of convolutions and linear layers per input
 * @param parameters number of parameters
 */
public record Cost(long macs, long parameters) {}
