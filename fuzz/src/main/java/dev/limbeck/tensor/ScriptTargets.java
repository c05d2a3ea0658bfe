package dev.limbeck.tensor;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.file.Path;
import java.util.List;

/** What is read of TorchScript files before the engine gets them. */
public final class ScriptTargets {
    private ScriptTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("script-extra", Mutators.zip(), ScriptTargets::extra).allowing(2000));
    }

    private static long extra(Path file) {
        if (Script.isIn(file)) Script.extraFiles(file);
        return 0;
    }
}
