package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/** Find logit losses by the names that commands use. */
public final class LogitLosses {
    private static final double DEFAULT_TEMPERATURE = 3;
    private static final Map<String, DoubleFunction<LogitLoss>> WITH_TEMPERATURE = new LinkedHashMap<>();
    private static final Map<String, LogitLoss> WITHOUT = new LinkedHashMap<>();

    static {
        WITH_TEMPERATURE.put("soft-target", SoftTarget::new);
        WITH_TEMPERATURE.put("soft-cross-entropy", SoftCrossEntropy::new);
        WITH_TEMPERATURE.put("soft-cross-entropy-scaled", t -> new SoftCrossEntropy(t).scaled());
        WITHOUT.put("logit-mse", new LogitMse());
        WITHOUT.put("hard-label", new HardLabel());
    }

    private LogitLosses() {}

    public static List<String> names() {
        List<String> names = new ArrayList<>(WITH_TEMPERATURE.keySet());
        names.addAll(WITHOUT.keySet());
        return names;
    }

    /** Return whether a loss of this name has a temperature. */
    public static boolean hasTemperature(String name) {
        return WITH_TEMPERATURE.containsKey(name);
    }

    /**
     * Return a loss by name.
     *
     * @param temperature null for the default of 3
     * @throws LimbeckException if the name is unknown, or a temperature is given to a loss that has none
     */
    public static LogitLoss byName(String name, @Nullable Double temperature) {
        DoubleFunction<LogitLoss> maker = WITH_TEMPERATURE.get(name);
        if (maker != null) return maker.apply(temperature == null ? DEFAULT_TEMPERATURE : temperature);
        LogitLoss loss = WITHOUT.get(name);
        if (loss == null) throw Names.unknown("loss", name, names());
        if (temperature != null) {
            throw new LimbeckException("the loss " + name + " has no temperature, found " + temperature
                    + "; leave it out, or choose one of " + String.join(", ", WITH_TEMPERATURE.keySet()));
        }
        return loss;
    }
}
