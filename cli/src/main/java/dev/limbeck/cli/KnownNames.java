package dev.limbeck.cli;

import dev.limbeck.data.image.Datasets;
import dev.limbeck.train.Trackers;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Say below the help of commands which names jars on the class path add, read only where help is asked for. */
final class KnownNames {
    private KnownNames() {}

    static void below(CommandLine commands) {
        for (CommandLine command : commands.getSubcommands().values()) {
            if (!takesData(command)) continue;
            command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_FOOTER, KnownNames::text);
        }
    }

    private static boolean takesData(CommandLine command) {
        return command.getCommandSpec().findOption("--data") != null;
    }

    private static String text(Help help) {
        boolean trains = help.commandSpec().findOption("--track") != null;
        List<String> lines = List.of(
                "Data sets: " + String.join(", ", Datasets.names()) + ".",
                trains ? "Trackers: " + String.join(", ", Trackers.names()) + "." : "",
                "limbeck losses and limbeck summary list losses and architectures. Jars on the class path add to all.");
        Text all = help.colorScheme().ansi().new Text(String.join(
                " ", lines.stream().filter(line -> !line.isEmpty()).toList()));
        Help.TextTable table = Help.TextTable.forColumnWidths(
                help.colorScheme(), help.commandSpec().usageMessage().width());
        table.addRowValues(all);
        return System.lineSeparator() + table;
    }
}
