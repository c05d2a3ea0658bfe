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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Offer settings of recipes as options, made from their declarations. What is not given is for the recipe to choose. */
final class SettingOptions {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Settings of data that say how inputs are prepared. */
    static final List<String> PREPROCESSING = List.of("image_size", "resize", "mean", "std");

    private final Map<DeclaredSetting, OptionSpec> options = new LinkedHashMap<>();
    private final boolean brief;

    private SettingOptions(boolean brief, Predicate<DeclaredSetting> offered) {
        this.brief = brief;
        for (DeclaredSetting setting : Declarations.ofRecipes()) {
            if (!setting.options().isEmpty() && offered.test(setting)) options.put(setting, option(setting));
        }
    }

    /**
     * Offer all settings.
     *
     * @param taught whether those of the teacher and of distillation are among them
     */
    static SettingOptions ofRecipe(boolean taught) {
        return new SettingOptions(
                true,
                setting -> taught
                        || !List.of("teacher", "distillation")
                                .contains(setting.path().get(0)));
    }

    /** Offer the settings of data. */
    static SettingOptions ofData() {
        return new SettingOptions(false, setting -> isInData(setting));
    }

    /** Offer how inputs are prepared for a model whose file does not say it, for commands that open no data. */
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

    /** Return whether help of the command names rare options without a line of their own. */
    boolean isBrief() {
        return brief;
    }

    /** Return the setting of an option of the command, null for another option. */
    @Nullable
    DeclaredSetting of(OptionSpec option) {
        // By name: a command holds copies.
        return options.keySet().stream()
                .filter(setting -> setting.options().contains(option.longestName()))
                .findFirst()
                .orElse(null);
    }

    /** Return the settings whose value may change in the course of a fit. */
    List<DeclaredSetting> schedules() {
        return options.keySet().stream()
                .filter(setting -> setting.type() == Schedule.class)
                .toList();
    }

    /** Return what was given for a setting, by its path such as {@code data.source}; null if nothing was. */
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

    /** Return the text that was given for a setting, null if none was. */
    @Nullable
    String text(String path) {
        return (String) value(path);
    }

    /** Return the texts that were given by an option that may be repeated. */
    @SuppressWarnings("unchecked")
    List<String> texts(String path) {
        Object given = value(path);
        return given == null ? List.of() : (List<String>) given;
    }

    /** Return what was given as a recipe has it, but for repeated options, lists of sections and flags of sections. */
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

    /** Return the section of a setting in a recipe, made where it is not there. */
    static ObjectNode section(ObjectNode recipe, DeclaredSetting setting) {
        ObjectNode section = recipe;
        for (String key : setting.section()) section = section.withObject("/" + key);
        return section;
    }
}
