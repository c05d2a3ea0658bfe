package dev.limbeck.fuzz;

import java.util.stream.Stream;

/** Test the readers at even positions. */
class MutatedSeedsTest extends MutatedSeeds {
    static Stream<Target> readers() {
        return half(0);
    }
}
