package dev.limbeck.export;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.util.List;

/** What is read of ONNX files before ONNX Runtime gets them. */
public final class ExportTargets {
    private ExportTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(Target.of("onnx", Mutators.onnx(), file -> {
                    OnnxExternalData.files(file);
                    return 0;
                })
                .called("model.onnx")
                .allowing(2000));
    }
}
