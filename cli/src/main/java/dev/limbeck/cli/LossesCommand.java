package dev.limbeck.cli;

import dev.limbeck.distill.loss.Losses;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(name = "losses", description = "List the losses that a student can learn by, each with its settings.")
final class LossesCommand extends LimbeckCommand {
    @Override
    Object run() {
        List<Map<String, Object>> found = new ArrayList<>();
        for (boolean features : new boolean[] {false, true}) {
            say(features ? "On features; name the layers, as in attention:layer2+layer3:" : "On logits:");
            for (Losses.Kind kind : Losses.kinds()) {
                if (kind.feature() != features) continue;
                String settings = kind.parameters().entrySet().stream()
                        .map(entry -> (entry.getKey().equals(Losses.TEMPERATURE) ? "T" : entry.getKey()) + "="
                                + plain(entry.getValue()))
                        .collect(Collectors.joining(","));
                say(String.format(Locale.ROOT, "  %-26s %-36s %s", kind.name(), settings, kind.summary())
                        .stripTrailing());
                Map<String, Object> one = new LinkedHashMap<>();
                one.put("name", kind.name());
                one.put("kind", features ? "features" : "logits");
                one.put("parameters", kind.parameters());
                one.put("summary", kind.summary());
                found.add(one);
            }
        }
        return found;
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
