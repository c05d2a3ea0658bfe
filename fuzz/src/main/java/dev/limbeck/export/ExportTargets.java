package dev.limbeck.export;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.file.Path;
import java.util.List;

/** What reads ONNX files: the checks in Java, and ONNX Runtime behind them. */
public final class ExportTargets {
    private static final long MOST_NUMBERS = 1 << 18;

    private ExportTargets() {}

    /** Return all targets of this package that run in Java alone. */
    public static List<Target> all() {
        return List.of(Target.of("onnx", Mutators.onnx(), file -> {
                    OnnxExternalData.files(file);
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

    /** Open a model and ask it about one image, of the size that it says, unless that is large. */
    private static long run(Path file) {
        try (OnnxModel model = OnnxModel.open(file, 1)) {
            model.metadata();
            model.outputShape();
            long[] shape = model.inputShape();
            long numbers = 1;
            for (int i = 0; i < shape.length; i++) {
                shape[i] = shape[i] < 0 ? 1 : shape[i];
                numbers = shape[i] > MOST_NUMBERS ? MOST_NUMBERS + 1 : numbers * shape[i];
                if (numbers > MOST_NUMBERS) return 0;
            }
            model.run(new float[(int) numbers], shape);
        }
        return 0;
    }
}
