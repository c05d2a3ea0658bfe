package dev.limbeck.onnx;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** List the readers in Java of the ONNX Runtime predictor. */
public final class OnnxTargets {
    private OnnxTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(Target.of("onnx-class-names", Mutators.text(), file -> {
                    JsonStrings.list(new String(Files.readAllBytes(file), StandardCharsets.UTF_8), file);
                    return 0;
                })
                .allowing(2000));
    }
}
