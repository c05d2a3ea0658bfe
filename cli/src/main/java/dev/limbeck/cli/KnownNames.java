package dev.limbeck.cli;

import dev.limbeck.data.image.Datasets;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;

/** List the data sets below the help of commands, including those of jars. They are loaded only for help. */
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
        Help.TextTable table = Help.TextTable.forColumnWidths(
                help.colorScheme(), help.commandSpec().usageMessage().width());
        table.addRowValues("Data sets: " + String.join(", ", Datasets.names()) + ".");
        return table + help.footer();
    }
}
