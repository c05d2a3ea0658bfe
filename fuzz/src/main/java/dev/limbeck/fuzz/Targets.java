package dev.limbeck.fuzz;

import dev.limbeck.data.image.ImageTargets;
import dev.limbeck.data.rows.RowTargets;
import dev.limbeck.distill.cache.CacheTargets;
import dev.limbeck.distill.served.ServedTargets;
import dev.limbeck.distill.teacher.TeacherTargets;
import dev.limbeck.duckdb.DuckDbTargets;
import dev.limbeck.export.ExportTargets;
import dev.limbeck.model.ModelTargets;
import dev.limbeck.onnx.OnnxTargets;
import dev.limbeck.recipe.RecipeTargets;
import dev.limbeck.train.TrainTargets;
import dev.limbeck.weights.WeightTargets;
import dev.limbeck.xgboost.XgboostTargets;
import java.util.List;
import java.util.stream.Stream;

/** List all readers. Targets for package-private readers are defined in the readers' packages. */
public final class Targets {
    private Targets() {}

    /** Return all targets that run only in Java, apart from the engine's memory for tensors. */
    public static List<Target> all() {
        return Stream.of(
                        WeightTargets.all(),
                        ImageTargets.all(),
                        RecipeTargets.all(),
                        TrainTargets.all(),
                        RowTargets.all(),
                        ModelTargets.all(),
                        TeacherTargets.all(),
                        ServedTargets.all(),
                        CacheTargets.all(),
                        ExportTargets.all(),
                        OnnxTargets.all(),
                        XgboostTargets.all(),
                        DuckDbTargets.all())
                .flatMap(List::stream)
                .toList();
    }

    /** Return the targets whose files reach native code; they run in a JVM that may crash, see {@link Children}. */
    public static List<Target> natives() {
        return Stream.of(
                        ExportTargets.natives(),
                        WeightTargets.natives(),
                        ModelTargets.natives(),
                        XgboostTargets.natives(),
                        DuckDbTargets.natives())
                .flatMap(List::stream)
                .toList();
    }

    /** Return the target with a name. */
    public static Target named(String name) {
        List<Target> targets = Stream.concat(all().stream(), natives().stream()).toList();
        return targets.stream()
                .filter(target -> target.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no target '" + name + "'; there are "
                        + targets.stream().map(Target::name).toList()));
    }
}
