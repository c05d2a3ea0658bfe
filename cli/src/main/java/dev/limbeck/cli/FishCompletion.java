package dev.limbeck.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Write the completions of commands for the shell fish, which picocli does not know. */
final class FishCompletion {
    private FishCompletion() {}

    /** Return a script for {@code ~/.config/fish/completions}. */
    static String of(CommandLine root) {
        String start = "complete -c " + root.getCommandName();
        List<String> lines = new ArrayList<>();
        options(lines, start + " -n __fish_use_subcommand", root.getCommandSpec());
        for (Map.Entry<String, CommandLine> entry : root.getSubcommands().entrySet()) {
            CommandSpec command = entry.getValue().getCommandSpec();
            lines.add(start + " -n __fish_use_subcommand -f -a " + entry.getKey()
                    + described(command.usageMessage().description()));
            options(lines, start + " -n '__fish_seen_subcommand_from " + entry.getKey() + "'", command);
        }
        return String.join("\n", lines);
    }

    private static void options(List<String> lines, String start, CommandSpec command) {
        for (OptionSpec option : command.options()) {
            if (option.hidden()) continue;
            lines.add(start + names(option.names()) + value(option) + described(option.description()));
            if (option.negatable()) {
                List<String> others = command.negatedOptionsMap().entrySet().stream()
                        .filter(entry -> entry.getValue() == option)
                        .map(Map.Entry::getKey)
                        .toList();
                lines.add(start + names(others.toArray(String[]::new)) + described(option.description()));
            }
        }
    }

    private static String names(String... names) {
        StringBuilder text = new StringBuilder();
        for (String name : names) {
            if (name.startsWith("--")) text.append(" -l ").append(name.substring(2));
            else text.append(name.length() == 2 ? " -s " : " -o ").append(name.substring(1));
        }
        return text.toString();
    }

    /** Return what follows an option: one of some words, a file, or anything. */
    private static String value(ArgSpec option) {
        if (option.arity().max() == 0) return "";
        List<String> words = new ArrayList<>();
        if (option.completionCandidates() != null) option.completionCandidates().forEach(words::add);
        return words.isEmpty() ? " -r" : " -x -a " + quoted(String.join(" ", words));
    }

    private static String described(String... description) {
        if (description.length == 0) return "";
        // picocli writes a line break so.
        return " -d " + quoted(String.join(" ", description).replace("%n", " ").strip());
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
