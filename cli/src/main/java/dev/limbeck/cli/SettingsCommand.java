package dev.limbeck.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.recipe.Declarations;
import dev.limbeck.recipe.DeclaredSetting;
import dev.limbeck.recipe.Heading;
import dev.limbeck.recipe.Presets;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeSchema;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "recipe", description = "List all recipe settings, with key and option.")
final class SettingsCommand extends LimbeckCommand {
    @Option(names = "--schema", description = "Print the JSON Schema of recipes, for editors.")
    boolean schema;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            completionCandidates = PresetNames.class,
            description = "Print a preset, patient, quick or few-labels, as YAML to change.")
    @Nullable
    String preset;

    @Override
    Object run() {
        if (preset != null) {
            onlyIf(!schema, "found with --schema; choose one", "--preset");
            String text = Presets.yaml(preset);
            if (!json) terminal().out().print(text);
            return RecipeFiles.over(preset, RecipeFiles.tree(), true);
        }
        if (schema) {
            String text = RecipeSchema.text();
            if (!json) terminal().out().print(text);
            return tree(text);
        }
        List<DeclaredSetting> settings = Declarations.ofRecipes();
        String row = "  %-" + width(settings) + "s  %s";
        for (Heading heading : Heading.values()) {
            if (settings.stream().noneMatch(setting -> setting.heading() == heading)) continue;
            say(heading.title());
            for (DeclaredSetting setting : settings) {
                if (setting.heading() != heading) continue;
                List<String> parts = new ArrayList<>(List.of(setting.line()));
                if (!setting.bounds().isEmpty()) parts.add(setting.bounds());
                if (!setting.options().isEmpty()) parts.add(String.join(", ", setting.options()));
                say(Texts.format(row, setting.dotted(), String.join("; ", parts)));
            }
        }
        return tree(RecipeSchema.text());
    }

    private static int width(List<DeclaredSetting> settings) {
        return settings.stream()
                .mapToInt(setting -> setting.dotted().length())
                .max()
                .orElse(1);
    }

    private static Object tree(String schema) {
        try {
            return new ObjectMapper().readTree(schema);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the schema is JSON", e);
        }
    }
}
