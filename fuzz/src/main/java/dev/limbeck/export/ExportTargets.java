package dev.limbeck.export;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** List the readers of ONNX files: the checks in Java, and ONNX Runtime after them. */
public final class ExportTargets {
    private static final long MOST_NUMBERS = 1 << 18;

    private ExportTargets() {}

    /** Return all targets of this package that run only in Java. */
    public static List<Target> all() {
        return List.of(Target.of("onnx", Mutators.onnx(), file -> {
                    OnnxExternalData.files(file);
                    OnnxClasses.read(file, -1);
                    return 0;
                })
                .called("model.onnx")
                .allowing(2000));
    }

    /** Return the target whose files reach native code. */
    public static List<Target> natives() {
        return List.of(Target.of("onnx-runtime", Mutators.onnx(), ExportTargets::run)
                .called("model.onnx")
                .allowing(2000));
    }

    /** Open a model and run it on one sample, or on its fixed batch size, unless that is large. */
    private static long run(Path file) {
        try (OnnxModel model = OnnxModel.open(file, 1);
                Scope scope = Scope.open()) {
            model.metadata();
            model.outputShape();
            long rows = Arrays.stream(model.batches())
                    .map(batch -> Math.max(1, batch))
                    .max()
                    .orElse(1);
            if (rows > MOST_NUMBERS) return 0;
            for (InputSpec input : model.inputs()) {
                long numbers = 1;
                for (long size : input.shape((int) rows)) {
                    numbers = size > MOST_NUMBERS ? MOST_NUMBERS + 1 : numbers * size;
                    if (numbers > MOST_NUMBERS) return 0;
                }
            }
            model.forward(Inputs.example(model.inputs(), (int) rows));
        }
        return 0;
    }
}
