package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Register a loss by name, with its settings. Extend {@link LogitLossType} or {@link FeatureLossType} in the file of
 * the loss, and name the class in {@code META-INF/services/dev.limbeck.distill.loss.LossType}.
 */
public abstract class LossType {
    private final String name;
    private final String summary;
    private final List<LossSetting<?>> settings;

    LossType(String name, String summary, LossSetting<?>... settings) {
        this.name = name;
        this.summary = summary;
        this.settings = List.of(settings);
    }

    /** Return the name used by commands and recipes. */
    public final String name() {
        return name;
    }

    /** Return one line for lists. */
    public final String summary() {
        return summary;
    }

    /** Return the settings, in the order of lists. */
    public final List<LossSetting<?>> settings() {
        return settings;
    }

    /** Return whether it is a feature loss. */
    public abstract boolean comparesFeatures();

    /** Return whether it has a temperature. */
    public final boolean hasTemperature() {
        return setting(LossSetting.TEMPERATURE).isPresent();
    }

    /** Return whether its temperature softens logits. Losses on features have temperatures of another kind and size. */
    public final boolean softensLogits() {
        return hasTemperature() && !comparesFeatures();
    }

    /** Return a setting by name, or empty. */
    public final Optional<LossSetting<?>> setting(String wanted) {
        return settings.stream()
                .filter(setting -> setting.name().equals(wanted))
                .findFirst();
    }

    /**
     * Create a logit loss. Missing settings use their defaults.
     *
     * @param given numbers, booleans, words, or their text, by setting name
     * @throws LimbeckException if a setting is unknown or out of range, or this is a feature loss
     */
    public abstract LogitLoss logits(Map<String, ?> given);

    /** Create a feature loss; see {@link #logits}. */
    public abstract FeatureLoss features(Map<String, ?> given);

    /**
     * Convert given values to the types of the settings.
     *
     * @throws LimbeckException if a setting is unknown or out of range
     */
    public final Map<String, Object> checked(Map<String, ?> given) {
        Map<String, Object> values = new LinkedHashMap<>();
        given.forEach((key, value) -> values.put(
                key,
                setting(key)
                        .orElseThrow(() ->
                                new LimbeckException("the loss " + name + " has no " + key + ", found " + value
                                        + "; "
                                        + (settings.isEmpty()
                                                ? "leave it out"
                                                : "it has "
                                                        + String.join(
                                                                ", ",
                                                                settings.stream()
                                                                        .map(LossSetting::name)
                                                                        .toList()))))
                        .read(value)));
        return values;
    }

    final LossValues values(Map<String, ?> given) {
        return new LossValues(checked(given));
    }

    @Override
    public final String toString() {
        return name;
    }
}
