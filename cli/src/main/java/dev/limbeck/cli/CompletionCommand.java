package dev.limbeck.cli;

import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = CompletionCommand.NAME,
        description = "Print a script that completes commands, options and their words in a shell.")
final class CompletionCommand extends LimbeckCommand {
    static final String NAME = "generate-completion";

    @Option(names = "--shell", paramLabel = "NAME", description = "bash, zsh or fish (default: bash)")
    Shell shell = Shell.BASH;

    /** Name the shells that a script is known for. */
    enum Shell {
        BASH,
        ZSH,
        FISH
    }

    @Override
    Object run() {
        if (spec == null) throw new IllegalStateException("the command was not made by picocli");
        CommandLine all = spec.root().commandLine();
        // bash's script is also zsh's.
        String script = shell == Shell.FISH ? FishCompletion.of(all) : AutoComplete.bash(all.getCommandName(), all);
        if (!json) terminal().out().println(script);
        return Map.of("shell", Numbers.word(shell), "script", script);
    }
}
