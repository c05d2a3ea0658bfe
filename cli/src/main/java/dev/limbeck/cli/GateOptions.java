package dev.limbeck.cli;

import dev.limbeck.Names;
import dev.limbeck.train.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Provide the options that refuse a model whose metrics are not good enough, for CI. */
final class GateOptions {
    private static final String BELOW = "--fail-below";
    private static final String ABOVE = "--fail-above";

    @Option(names = BELOW, paramLabel = "NAME=X", description = "Fail if a metric is lower, such as accuracy=0.9")
    Map<String, String> below = new TreeMap<>();

    @Option(names = ABOVE, paramLabel = "NAME=X", description = "Fail if a metric is higher, such as rmse=2")
    Map<String, String> above = new TreeMap<>();

    @Mixin
    GateReports reports = new GateReports();

    /** Check the numbers, before any work. */
    void check() {
        below.forEach((name, text) -> number(BELOW, name, text));
        above.forEach((name, text) -> number(ABOVE, name, text));
        reports.check(!below.isEmpty() || !above.isEmpty(), BELOW + " or " + ABOVE);
    }

    /** Check that the named metrics are among those that will be known. */
    void check(List<String> known) {
        List<String> named = new ArrayList<>(below.keySet());
        named.addAll(above.keySet());
        for (String name : named) {
            if (!known.contains(name)) throw Names.unknown("metric", name, known);
        }
    }

    /** Refuse the command's result if a metric is NaN or on the wrong side. */
    void judge(LimbeckCommand command, String what, Map<String, Double> metrics) {
        List<Gate> gates = new ArrayList<>();
        below.forEach((name, text) -> {
            double least = number(BELOW, name, text);
            double found = Objects.requireNonNull(metrics.get(name));
            gates.add(new Gate(
                    name + " >= " + least,
                    found >= least ? null : name + " must be at least " + least + ", found " + found));
        });
        above.forEach((name, text) -> {
            double most = number(ABOVE, name, text);
            double found = Objects.requireNonNull(metrics.get(name));
            gates.add(new Gate(
                    name + " <= " + most,
                    found <= most ? null : name + " must be at most " + most + ", found " + found));
        });
        reports.judge(command, what, gates);
    }

    private static double number(String option, String name, String text) {
        boolean share = Metric.find(name).filter(Metric::isShare).isPresent();
        String digits = text.strip();
        boolean percent = digits.endsWith("%");
        if (percent) digits = digits.substring(0, digits.length() - 1);
        double value;
        try {
            value = Double.parseDouble(digits);
        } catch (NumberFormatException e) {
            value = Double.NaN;
        }
        if (!Double.isFinite(value)) {
            throw new WrongOption(option + " " + name + " must be a number, found '" + text + "'");
        }
        if (share && (percent || value > 1)) {
            throw new WrongOption(option + " " + name + " must be a fraction from 0 to 1, found " + text + "; "
                    + Numbers.brief(value) + " % is " + name + "=" + Numbers.brief(value / 100));
        }
        if (percent) throw new WrongOption(option + " " + name + " must be a number, found '" + text + "'");
        if (share && value < 0) {
            throw new WrongOption(option + " " + name + " must be a fraction from 0 to 1, found " + text);
        }
        return value;
    }
}
