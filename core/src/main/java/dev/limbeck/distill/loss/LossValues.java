package dev.limbeck.distill.loss;

import java.util.Map;

/** Hold the values of a loss's settings, with defaults for missing ones. */
public final class LossValues {
    private final Map<String, ?> given;

    LossValues(Map<String, ?> given) {
        this.given = given;
    }

    /**
     * Return the value of a setting.
     *
     * @throws dev.limbeck.LimbeckException if the given value is not allowed
     */
    public <T> T get(LossSetting<T> setting) {
        Object value = given.get(setting.name());
        return value == null ? setting.defaultValue() : setting.read(value);
    }
}
