package dev.limbeck.nn;

import java.util.List;

/**
 * Name channels inside a module that can be removed. The blocks of a network implement it, or the network itself. Its
 * {@code Architecture} says how a network with fewer channels is made.
 */
@FunctionalInterface
public interface Prunable {
    /** Return the groups of channels that can be cut, with paths relative to this module. */
    List<ChannelGroup> channelGroups();
}
