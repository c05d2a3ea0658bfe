package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.recipe.Declarations;
import dev.limbeck.recipe.DeclaredSetting;
import dev.limbeck.recipe.RecipeSchema;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that help matches the declarations of settings, and stays short. */
class HelpTest {
    private static final String WIDTH = "picocli.usage.width";

    @BeforeEach
    void widen() {
        System.setProperty(WIDTH, "100");
    }

    @AfterEach
    void restore() {
        System.clearProperty(WIDTH);
    }

    private static List<String> help(String command) {
        return Cli.run(Stream.of(command, "--help")
                        .filter(word -> !word.isEmpty())
                        .toArray())
                .done()
                .out()
                .lines()
                .toList();
    }

    @Test
    void distillFitsThreeScreens() {
        assertThat(help("distill"))
                .hasSizeLessThanOrEqualTo(78)
                .contains("Data", "Augmentation", "Student", "Training", "Teacher", "Distillation", "Output");
    }

    static Stream<String> commands() {
        return help("").stream()
                .map(line -> line.replaceFirst("^  ([a-z][a-z-]*)\\W.*", "$1"))
                .filter(line -> line.matches("[a-z][a-z-]*"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyHelpFitsThreeScreens(String command) {
        System.setProperty(WIDTH, "80");
        assertThat(help(command)).hasSizeLessThanOrEqualTo(3 * 40);
    }

    @Test
    void fishCompletesCommandsOptionsAndWords() {
        assertThat(commands()).contains("train", "generate-completion").hasSizeGreaterThan(15);
        String script = Cli.run("generate-completion", "--shell", "fish").done().out();
        assertThat(script.lines()).allMatch(line -> line.startsWith("complete -c limbeck -n "));
        assertThat(commands())
                .allSatisfy(command -> assertThat(script)
                        .contains("complete -c limbeck -n __fish_use_subcommand -f -a " + command + " "));
        String distill = "complete -c limbeck -n '__fish_seen_subcommand_from distill' ";
        assertThat(script)
                .contains(distill + "-l teacher-errors -x -a 'keep swap drop' -d '")
                .contains(distill + "-l out -r -d '")
                .contains(distill + "-l no-hflip -d '")
                .contains(distill + "-s T -l temperature -r -d '")
                .doesNotContain("%n")
                // Quotes of descriptions are escaped.
                .contains("teacher\\'s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train",
                "distill",
                "check",
                "cache",
                "compare",
                "evaluate",
                "predict",
                "prune",
                "export",
                "lr-find",
                "sweep",
                "show"
            })
    void anOptionTakesOneLine(String command) {
        assertThat(help(command))
                .allSatisfy(line -> assertThat(line)
                        .hasSizeLessThanOrEqualTo(100)
                        .doesNotContainPattern("^ {12,}\\S")
                        .doesNotContainPattern("^ +-\\S+$|^ +-T, \\S+$")
                        .as("%s", line));
    }

    @Test
    void everyOptionOfASettingIsNamed() {
        String help = String.join("\n", help("distill"));
        for (DeclaredSetting setting : Declarations.ofRecipes()) {
            String flag = setting.declaration().negatable() ? "[no-]" : "";
            for (String option : setting.options()) assertThat(help).contains(option.replaceFirst("--", "--" + flag));
        }
    }

    @Test
    void recipeListsAllSettingsAndPrintsTheSchema() throws Exception {
        String list = Cli.run("recipe").done().out();
        for (DeclaredSetting setting : Declarations.ofRecipes()) {
            assertThat(list).contains("  " + setting.dotted() + " ").contains(setting.line());
        }
        assertThat(Cli.run("recipe", "--schema").done().out()).isEqualTo(RecipeSchema.text());
        JsonNode schema = new ObjectMapper().readTree(RecipeSchema.text());
        assertThat(Cli.run("recipe", "--schema", "--json").done().json()).isEqualTo(schema);
    }

    @Test
    void completionKnowsWordsThatASettingMayBe() {
        String script = Cli.run("generate-completion").done().out();
        assertThat(script)
                .contains("--teacher-errors")
                .contains("\"keep\" \"swap\" \"drop\"")
                .contains("--grad-accum-steps");
    }
}
