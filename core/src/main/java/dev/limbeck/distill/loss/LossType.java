package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Offer a loss by name, with its settings. Extend {@link LogitLossType} or {@link FeatureLossType}, in the file of the loss, and
 * name the class in {@code META-INF/services/dev.limbeck.distill.loss.LossType}.
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

    /** Return the name that commands and recipes use. */
    public final String name() {
        return name;
    }

    /** Return one line for a list. */
    public final String summary() {
        return summary;
    }

    /** Return the settings, in the order they are listed. */
    public final List<LossSetting<?>> settings() {
        return settings;
    }

    /** Return whether it compares layers and not logits. */
    public abstract boolean comparesFeatures();

    /** Return whether it can be softened. */
    public final boolean hasTemperature() {
        return setting(LossSetting.TEMPERATURE).isPresent();
    }

    /** Return a setting by name, or nothing if there is none. */
    public final Optional<LossSetting<?>> setting(String wanted) {
        return settings.stream()
                .filter(setting -> setting.name().equals(wanted))
                .findFirst();
    }

    /**
     * Make a loss on logits; settings that are not given have their defaults.
     *
     * @param given numbers, true or false, words, or the text of one, by the name of the setting
     * @throws LimbeckException if a setting is unknown or out of its range, or it is a loss on features
     */
    public abstract LogitLoss logits(Map<String, ?> given);

    /** Make a loss on features; see {@link #logits}. */
    public abstract FeatureLoss features(Map<String, ?> given);

    /**
     * Return what was given as values of the settings' types.
     *
     * @throws LimbeckException if a setting is unknown or out of its range
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
