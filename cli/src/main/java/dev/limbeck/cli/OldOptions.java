package dev.limbeck.cli;

import java.util.Map;

/** Accept the option names of older versions, and report the current name. */
final class OldOptions {
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("--accumulate", "--grad-accum-steps"),
            Map.entry("--average-decay", "--ema-decay"),
            Map.entry("--cache-as", "--cache-dtype"),
            Map.entry("--clip", "--clip-grad-norm"),
            Map.entry("--diagnose-every", "--gradient-stats-every"),
            Map.entry("--flip", "--hflip"),
            Map.entry("--jitter", "--color-jitter"),
            Map.entry("--label-column", "--label-columns"),
            Map.entry("--least-confidence", "--confidence-threshold"),
            Map.entry("--no-flip", "--no-hflip"),
            Map.entry("--normalise", "--normalize"),
            Map.entry("--random-crop", "--random-resized-crop"),
            Map.entry("--rows", "--samples"),
            Map.entry("--teacher-join", "--ensemble"),
            Map.entry("--train-limit", "--max-train-samples"),
            Map.entry("--until", "--kd-max-steps"),
            Map.entry("--weight", "--kd-weight"),
            Map.entry("--wrong-answers", "--teacher-errors"));

    private OldOptions() {}

    /** Return the arguments with old option names, alone or before {@code =}, replaced by current ones. */
    static String[] renamed(Terminal terminal, String... args) {
        String[] renamed = args.clone();
        for (int i = 0; i < args.length; i++) {
            int end = args[i].indexOf('=');
            String name = end < 0 ? args[i] : args[i].substring(0, end);
            String today = NAMES.get(name);
            if (today == null) continue;
            renamed[i] = today + args[i].substring(name.length());
            terminal.err().println("limbeck: " + name + " is called " + today + " now");
        }
        return renamed;
    }
}
