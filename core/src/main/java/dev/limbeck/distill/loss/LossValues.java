package dev.limbeck.distill.loss;

import java.util.Map;

/** Hold what was given to the settings of a loss; what was not has its default. */
public final class LossValues {
    private final Map<String, ?> given;

    LossValues(Map<String, ?> given) {
        this.given = given;
    }

    /**
     * Return the value of a setting.
     *
     * @throws dev.limbeck.LimbeckException if what was given does not fit
     */
    public <T> T get(LossSetting<T> setting) {
        Object value = given.get(setting.name());
        return value == null ? setting.usual() : setting.read(value);
    }
}
