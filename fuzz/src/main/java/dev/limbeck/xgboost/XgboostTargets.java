package dev.limbeck.xgboost;

import dev.limbeck.distill.teacher.ModelRuntime.Running;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import java.nio.file.Path;
import java.util.List;

/** List the readers of boosters: the checks in Java, and XGBoost after them. */
public final class XgboostTargets {
    /** Objects of Java for a byte of nested lists. */
    private static final long PER_BYTE = 2000;

    private static final int MOST_FEATURES = 1 << 12;

    private XgboostTargets() {}

    /** Return all targets of this package that run only in Java. */
    public static List<Target> all() {
        return List.of(Target.of("booster", Mutators.values(), file -> {
                    BoosterFile.read(file);
                    return 0;
                })
                .called("model.ubj")
                .allowing(PER_BYTE));
    }

    /** Return the target whose files reach native code. */
    public static List<Target> natives() {
        return List.of(Target.of("xgboost-runtime", Mutators.values(), XgboostTargets::run)
                .called("model.ubj")
                .allowing(PER_BYTE));
    }

    private static long run(Path file) {
        if (BoosterFile.read(file).features() > MOST_FEATURES) return 0;
        try (Running running = new XgboostRuntime().open(file);
                Scope scope = Scope.open()) {
            running.forward(Inputs.example(running.facts().inputs(), 2));
        }
        return 0;
    }
}
