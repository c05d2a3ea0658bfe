package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.recipe.DeclaredSetting;
import dev.limbeck.recipe.LossRecipe;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Parse {@code --schedule}: the learning-rate schedule, or {@code setting=schedule} for another setting. */
final class ScheduleOptions {
    private static final Map<String, String> OTHER_NAMES = Map.of("weight", "kd-weight", "T", "temperature");

    private ScheduleOptions() {}

    /**
     * Write schedules to the given settings.
     *
     * @return the temperature from any option, to be applied to the losses; null if none was given
     */
    static @Nullable String into(SettingOptions settings, ObjectNode given) {
        Map<String, DeclaredSetting> known = new LinkedHashMap<>();
        Map<DeclaredSetting, String> set = new HashMap<>();
        for (DeclaredSetting setting : settings.schedules()) {
            known.put(name(setting), setting);
            String text = settings.text(setting.dotted());
            if (text != null) set.put(setting, text);
        }
        for (String text : settings.texts("training.schedule")) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                given.withObject("/training").put("schedule", text);
                continue;
            }
            boolean teaches = known.values().stream().anyMatch(SettingOptions::isOfDistillation);
            if (!teaches && !known.containsKey(text.substring(0, equals))) {
                throw new LimbeckException("--schedule " + text + " applies to a teacher, and there is "
                        + "none here; use limbeck distill, or one-cycle or constant for the learning rate");
            }
            String name = text.substring(0, equals);
            DeclaredSetting setting = known.get(OTHER_NAMES.getOrDefault(name, name));
            if (setting == null) throw Names.unknown("setting to schedule", name, known.keySet());
            String schedule = text.substring(equals + 1);
            String before = set.put(setting, schedule);
            if (before != null) {
                throw new LimbeckException("--schedule " + text + " sets the same as --" + name(setting)
                        + " or another --schedule, " + before + "; leave one out");
            }
            if (!setting.listed()) LossRecipe.put(SettingOptions.section(given, setting), setting.key(), schedule);
        }
        DeclaredSetting temperature = known.get("temperature");
        return temperature == null ? null : set.get(temperature);
    }

    private static String name(DeclaredSetting setting) {
        return setting.options().get(setting.options().size() - 1).substring(2);
    }
}
