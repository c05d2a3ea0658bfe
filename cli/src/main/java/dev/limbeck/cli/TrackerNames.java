package dev.limbeck.cli;

import dev.limbeck.train.Trackers;
import java.util.Iterator;

/** List the trackers, for help and completion. */
final class TrackerNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Trackers.names().iterator();
    }
}
