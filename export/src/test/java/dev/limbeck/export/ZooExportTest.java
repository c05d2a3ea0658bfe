package dev.limbeck.export;

import dev.limbeck.zoo.Architecture;
import java.util.stream.Stream;

/** Test the architectures at even positions. */
class ZooExportTest extends ZooExport {
    static Stream<Architecture> architectures() {
        return half(0);
    }
}
