package dev.limbeck.fuzz;

import java.util.stream.Stream;

/** Test the readers at odd positions. */
class MutatedSeedsMoreTest extends MutatedSeeds {
    static Stream<Target> readers() {
        return half(1);
    }
}
