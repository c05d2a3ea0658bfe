package dev.limbeck.distill.loss;

import dev.limbeck.Names;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** Find logit losses by the names that commands use. */
public final class LogitLosses {
    private static final Map<String, DoubleFunction<LogitLoss>> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put("soft-target", SoftTarget::new);
        BY_NAME.put("soft-cross-entropy", SoftCrossEntropy::new);
        BY_NAME.put("soft-cross-entropy-scaled", t -> new SoftCrossEntropy(t).scaled());
        BY_NAME.put("logit-mse", t -> new LogitMse());
        BY_NAME.put("hard-label", t -> new HardLabel());
    }

    private LogitLosses() {}

    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    /** Return a loss by name, with a temperature that losses without one ignore. */
    public static LogitLoss byName(String name, double temperature) {
        DoubleFunction<LogitLoss> maker = BY_NAME.get(name);
        if (maker == null) throw Names.unknown("loss", name, BY_NAME.keySet());
        return maker.apply(temperature);
    }
}
