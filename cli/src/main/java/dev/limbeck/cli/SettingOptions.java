package dev.limbeck.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.Declarations;
import dev.limbeck.recipe.DeclaredSetting;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Create command-line options from the declarations of recipe settings. Unset options are left to the recipe. */
final class SettingOptions {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Data settings of the preprocessing. */
    static final List<String> PREPROCESSING = List.of("image_size", "resize", "mean", "std");

    private final Map<DeclaredSetting, OptionSpec> options = new LinkedHashMap<>();
    private final boolean brief;

    private SettingOptions(boolean brief, Predicate<DeclaredSetting> offered) {
        this.brief = brief;
        Stream.concat(Declarations.ofRecipes().stream(), Declarations.ofOtherKinds().stream())
                .filter(setting -> !setting.options().isEmpty() && offered.test(setting))
                .forEach(setting -> options.put(setting, option(setting)));
    }

    /**
     * Create the options for all settings.
     *
     * @param withTeacher whether to include the settings of teacher and distillation
     */
    static SettingOptions ofRecipe(boolean withTeacher) {
        return new SettingOptions(
                true,
                setting -> withTeacher
                        || !List.of("teacher", "distillation")
                                .contains(setting.path().get(0)));
    }

    /** Create the options for data settings. */
    static SettingOptions ofData() {
        return new SettingOptions(false, setting -> isInData(setting));
    }

    /** Create the preprocessing options, for commands without data and models without stored preprocessing. */
    static SettingOptions ofPreprocessing() {
        return new SettingOptions(false, setting -> isInData(setting) && PREPROCESSING.contains(setting.key()));
    }

    private static boolean isInData(DeclaredSetting setting) {
        return setting.path().get(0).equals("data");
    }

    private static OptionSpec option(DeclaredSetting setting) {
        OptionSpec.Builder option = OptionSpec.builder(setting.options().toArray(String[]::new))
                .description(setting.line())
                .paramLabel(setting.label())
                .hideParamSyntax(true);
        if (!setting.choices().isEmpty()) option.completionCandidates(setting.choices());
        if (setting.declaration().repeatable()) {
            option.type(List.class).auxiliaryTypes(String.class).arity("1");
        } else if (setting.isList()) {
            option.type(List.class).auxiliaryTypes(setting.type()).arity("1").splitRegex(",");
        } else if (setting.type() == Boolean.class || setting.isSection()) {
            option.type(Boolean.class)
                    .arity("0")
                    .negatable(setting.declaration().negatable());
        } else {
            option.type(setting.isNumber() ? setting.type() : String.class);
        }
        return option.build();
    }

    /** Add the options to a command. */
    void addTo(CommandSpec command) {
        options.values().forEach(command::addOption);
    }

    /** Return the names of the options, without those of some data settings. */
    String[] without(List<String> keys) {
        return options.keySet().stream()
                .filter(setting -> !isInData(setting) || !keys.contains(setting.key()))
                .map(setting -> setting.options().get(0))
                .toArray(String[]::new);
    }

    /** Return whether help lists rare options only by name. */
    boolean isBrief() {
        return brief;
    }

    /** Return the setting of a command's option; null for other options. */
    @Nullable
    DeclaredSetting of(OptionSpec option) {
        // Looked up by name, because a command holds copies.
        return options.keySet().stream()
                .filter(setting -> setting.options().contains(option.longestName()))
                .findFirst()
                .orElse(null);
    }

    static boolean isOfDistillation(DeclaredSetting setting) {
        return setting.path().get(0).equals("distillation");
    }

    /** Return the settings that accept a schedule. */
    List<DeclaredSetting> schedules() {
        return options.keySet().stream()
                .filter(setting -> setting.type() == Schedule.class)
                .toList();
    }

    /** Return the value given for a setting, by its path such as {@code data.source}; null if not given. */
    @Nullable
    Object value(String path) {
        Optional<DeclaredSetting> found = options.keySet().stream()
                .filter(setting -> setting.dotted().equals(path))
                .findFirst();
        return found.isEmpty() ? null : options.get(found.get()).getValue();
    }

    boolean isGiven(String path) {
        return value(path) != null;
    }

    /** Return the text given for a setting; null if not given. */
    @Nullable
    String text(String path) {
        return (String) value(path);
    }

    /** Return the texts given for a repeatable option. */
    @SuppressWarnings("unchecked")
    List<String> texts(String path) {
        Object given = value(path);
        return given == null ? List.of() : (List<String>) given;
    }

    /** Return the given values as a recipe tree, without repeatable options, list sections and section flags. */
    ObjectNode given() {
        ObjectNode tree = RecipeFiles.tree();
        options.forEach((setting, option) -> {
            Object value = option.getValue();
            if (value == null
                    || setting.listed()
                    || setting.isSection()
                    || setting.declaration().repeatable()) return;
            ObjectNode section = section(tree, setting);
            if (setting.type() == Schedule.class) LossRecipe.put(section, setting.key(), (String) value);
            else section.set(setting.key(), JSON.valueToTree(value));
        });
        return tree;
    }

    /** Return the section of a setting in a recipe, and create it if needed. */
    static ObjectNode section(ObjectNode recipe, DeclaredSetting setting) {
        ObjectNode section = recipe;
        for (String key : setting.section()) section = section.withObject("/" + key);
        return section;
    }
}
