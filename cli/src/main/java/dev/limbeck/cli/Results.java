package dev.limbeck.cli;

import dev.limbeck.data.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tell the results of a run record in lines. */
final class Results {
    private Results() {}

    static void say(LimbeckCommand command, Map<String, Object> runRecord) {
        Map<?, ?> results = (Map<?, ?>) runRecord.get("results");
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            if (!(results.get(split.label()) instanceof Map<?, ?> result)) continue;
            Map<String, Double> metrics = new LinkedHashMap<>();
            result.forEach((name, value) -> {
                if (value instanceof Double number && !"loss".equals(name)) metrics.put(name.toString(), number);
            });
            command.say("%s: %s".formatted(split.label(), Texts.metrics(metrics)));
        }
    }
}
