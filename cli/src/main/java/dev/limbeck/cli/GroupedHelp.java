package dev.limbeck.cli;

import dev.limbeck.recipe.DeclaredSetting;
import dev.limbeck.recipe.Heading;
import java.lang.reflect.Member;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Print the options of a command under headings, with one line each except for rare ones. */
final class GroupedHelp {
    static final String OUTPUT = "Output";

    private static final int OPTION_WIDTH = 32;
    private static final String INDENT = "      ";

    /** Options of every command, with their heading. */
    private static final Map<Class<?>, String> HEADINGS = Map.of(
            LimbeckCommand.class, OUTPUT,
            EngineOptions.class, OUTPUT,
            TrackingOptions.class, OUTPUT,
            RecipeOptions.class, Heading.TRAINING.title(),
            WorkerOptions.class, Heading.DATA.title());

    private static final Set<String> RARE =
            Set.of("--help", "--version", "--model-timeout", "--process-timeout", "--elastic", "--threads");

    private final SettingOptions settings;
    private final String own;

    private GroupedHelp(SettingOptions settings, String own) {
        this.settings = settings;
        this.own = own;
    }

    /** Let a command show its help so; its own heading is that of the options that only this command has. */
    static void of(CommandSpec command, SettingOptions settings) {
        UsageMessageSpec usage = command.usageMessage();
        usage.abbreviateSynopsis(true).longOptionsMaxWidth(OPTION_WIDTH);
        if (settings.isBrief()) {
            usage.footer("All settings are also recipe keys; limbeck recipe describes them.");
        }
        String own = usage.optionListHeading();
        usage.optionListHeading("");
        GroupedHelp grouped = new GroupedHelp(settings, own.isEmpty() ? OUTPUT : own);
        usage.sectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, grouped::options);
    }

    private String options(Help help) {
        Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
        if (!own.equals(OUTPUT)) groups.put(own, new ArrayList<>());
        for (Heading heading : Heading.values()) groups.put(heading.title(), new ArrayList<>());
        groups.put(OUTPUT, new ArrayList<>());
        List<OptionSpec> all = help.commandSpec().options().stream()
                .filter(option -> !option.hidden())
                .sorted(Comparator.comparingInt(this::rank))
                .toList();
        for (OptionSpec option : all) groups.get(heading(option)).add(option);
        List<OptionSpec> shown = all.stream().filter(option -> !isRare(option)).toList();
        StringBuilder text = new StringBuilder();
        groups.forEach((heading, options) -> {
            if (options.isEmpty()) return;
            text.append(help.colorScheme().ansi().string("@|bold " + heading + "|@"))
                    .append('\n');
            text.append(lines(help, shown, options));
        });
        return text.toString();
    }

    private String heading(OptionSpec option) {
        DeclaredSetting setting = settings.of(option);
        if (setting != null) return setting.heading().title();
        Class<?> holder = holder(option);
        if (holder.getName().startsWith("picocli.")) return OUTPUT;
        return HEADINGS.getOrDefault(holder, own);
    }

    private boolean isRare(OptionSpec option) {
        DeclaredSetting setting = settings.of(option);
        return settings.isBrief()
                && (setting == null
                        ? RARE.contains(option.longestName())
                        : setting.declaration().rare());
    }

    /** Order: settings, then the command's own options, then those of all commands. */
    private int rank(OptionSpec option) {
        if (settings.of(option) != null) return 0;
        return HEADINGS.containsKey(holder(option)) ? 2 : 1;
    }

    private static Class<?> holder(OptionSpec option) {
        return option.userObject() instanceof Member field ? field.getDeclaringClass() : LimbeckCommand.class;
    }

    private static String lines(Help help, List<OptionSpec> shown, List<OptionSpec> group) {
        // All shown options determine the column widths.
        Help.Layout layout = help.createDefaultLayout(shown, List.of(), help.colorScheme());
        layout.addOptions(group.stream().filter(shown::contains).toList(), help.parameterLabelRenderer());
        StringBuilder text = new StringBuilder(layout.toString());
        List<String> rare = group.stream()
                .filter(option -> !shown.contains(option))
                .map(OptionSpec::longestName)
                .toList();
        String line = INDENT + "and";
        for (String name : rare) {
            if (line.length() + 1 + name.length()
                    > help.commandSpec().usageMessage().width()) {
                text.append(line).append('\n');
                line = INDENT + "   ";
            }
            line += " " + name;
        }
        return rare.isEmpty() ? text.toString() : text.append(line).append('\n').toString();
    }
}
