package dev.limbeck.export;

import dev.limbeck.zoo.Architecture;
import java.util.stream.Stream;

/** Test the architectures at odd positions. */
class ZooExportMoreTest extends ZooExport {
    static Stream<Architecture> architectures() {
        return half(1);
    }
}
