package dev.limbeck.cli;

import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(name = "losses", description = "List all losses with their settings.")
final class LossesCommand extends LimbeckCommand {
    @Override
    Object run() {
        List<Map<String, Object>> found = new ArrayList<>();
        int widest = Losses.types().stream()
                .mapToInt(type -> defaults(type).length())
                .max()
                .orElse(1);
        String format = "  %-26s %-" + widest + "s %s";
        for (boolean features : new boolean[] {false, true}) {
            say(features ? "Feature losses; add layers, as in attention:layer2+layer3:" : "On logits:");
            for (LossType type : Losses.types()) {
                if (type.comparesFeatures() != features) continue;
                say(String.format(format, type.name(), defaults(type), type.summary())
                        .stripTrailing());
                for (LossSetting<?> setting : type.settings()) {
                    say("      " + name(setting) + ": " + setting.help() + "; " + setting.expected());
                }
                found.add(facts(type));
            }
        }
        return found;
    }

    private static String defaults(LossType type) {
        return type.settings().stream()
                .map(setting -> name(setting) + "=" + LossSetting.show(setting.defaultValue()))
                .collect(Collectors.joining(","));
    }

    private static Map<String, Object> facts(LossType type) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("name", type.name());
        facts.put("kind", type.comparesFeatures() ? "features" : "logits");
        Map<String, Object> defaults = new LinkedHashMap<>();
        List<Map<String, Object>> settings = new ArrayList<>();
        for (LossSetting<?> setting : type.settings()) {
            defaults.put(setting.name(), setting.defaultValue());
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", setting.name());
            one.put("default", setting.defaultValue());
            one.put("expected", setting.expected());
            one.put("help", setting.help());
            settings.add(one);
        }
        facts.put("parameters", defaults);
        facts.put("settings", settings);
        facts.put("summary", type.summary());
        return facts;
    }

    private static String name(LossSetting<?> setting) {
        return setting.name().equals(LossSetting.TEMPERATURE) ? "T" : setting.name();
    }
}
