package dev.limbeck.cli;

import dev.limbeck.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Provide the options that refuse a model whose metrics are not good enough, for CI. */
final class GateOptions {
    @Option(
            names = "--fail-below",
            paramLabel = "NAME=X",
            description = "Fail if a metric is lower, such as accuracy=0.9")
    Map<String, Double> below = new TreeMap<>();

    @Option(names = "--fail-above", paramLabel = "NAME=X", description = "Fail if a metric is higher, such as rmse=2")
    Map<String, Double> above = new TreeMap<>();

    /** Check that the named metrics are among those that will be known. */
    void check(List<String> known) {
        List<String> named = new ArrayList<>(below.keySet());
        named.addAll(above.keySet());
        for (String name : named) {
            if (!known.contains(name)) throw Names.unknown("metric", name, known);
        }
    }

    /** Refuse the command's result if a metric is NaN or on the wrong side. */
    void judge(LimbeckCommand command, Map<String, Double> metrics) {
        below.forEach((name, least) -> {
            double found = Objects.requireNonNull(metrics.get(name));
            if (!(found >= least)) command.refuse(name + " must be at least " + least + ", found " + found);
        });
        above.forEach((name, most) -> {
            double found = Objects.requireNonNull(metrics.get(name));
            if (!(found <= most)) command.refuse(name + " must be at most " + most + ", found " + found);
        });
    }
}
