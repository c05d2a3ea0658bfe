package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Precision;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that sections of any data type are parsed, checked and listed by their declarations. */
class DeclarationsTest {
    /** Hold a section of texts. */
    record TextRecipe(
            @Setting(help = "File of lines", required = true, options = "--lines")
            String file,

            @Setting(help = "Tokens at most", defaultValue = "128", atLeast = 2, atMost = 512)
            Integer maxTokens,

            @Setting(
                    help = "Where cut",
                    oneOf = {"start", "end"},
                    defaultValue = "end")
            String cut,

            @Setting(help = "Share of masked tokens", atLeast = 0, below = 1) @Nullable
            Double masked,

            @Setting(help = "How loud", above = 0.5) @Nullable
            Schedule volume,

            @Setting(help = "Shares", above = 0) @Nullable List<Double> shares,

            @Setting(help = "Words", defaultValue = "{}", heading = Heading.AUGMENTATION)
            WordRecipe words,

            @Setting(help = "More of them") @Nullable List<WordRecipe> more) {}

    /** Hold a section inside a section, and in a list. */
    record WordRecipe(
            @Setting(help = "Whether case counts", defaultValue = "true")
            Boolean cased,

            @Setting(help = "Times", defaultValue = "1", atLeast = 1, options = "--times")
            Integer times) {}

    private static TextRecipe bind(String yaml) {
        return RecipeFiles.bind(RecipeFiles.tree(yaml, "test"), TextRecipe.class, "test");
    }

    @Test
    void defaultsComeFromDeclarations() {
        TextRecipe least = bind("file: a");
        assertThat(least).isEqualTo(new TextRecipe("a", 128, "end", null, null, null, new WordRecipe(true, 1), null));
        assertThat(bind("{file: a, max_tokens: , words: {times: 3}, more: [{cased: false}]}"))
                .isEqualTo(new TextRecipe(
                        "a", 128, "end", null, null, null, new WordRecipe(true, 3), List.of(new WordRecipe(false, 1))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | no file in the recipe; it is required",
                "{fil: a} | no key 'fil'; nearest: file",
                "{file: a, max_tokens: 1} | max_tokens must be between 2 and 512, found 1",
                "{file: a, max_tokens: 513} | max_tokens must be between 2 and 512, found 513",
                "{file: a, max_tokens: many} | max_tokens must be a whole number, found 'many'",
                "{file: a, cut: middle} | no cut 'middle'; nearest: end, start",
                "{file: a, masked: 1} | masked must be at least 0 and below 1, found 1.0",
                "{file: a, masked: .nan} | masked must be a number",
                "{file: a, masked: NaN} | masked must be at least 0 and below 1, found NaN",
                "{file: a, volume: linear:1..0.5} | volume must be above 0.5, found 0.5",
                "{file: a, volume: {x: 1}} | volume must be one value, found keys",
                "{file: a, shares: [1, 0]} | shares must be a positive number, found 0.0",
                "{file: a, shares: [Infinity]} | shares must be a positive number, found Infinity",
                "{file: a, words: {times: 0}} | times must be at least 1, found 0",
                "{file: a, words: 3} | words must be keys with values, found '3'",
                "{file: a, more: [{times: 1}, {times: 0}]} | times must be at least 1, found 0",
                "{file: a, more: [{tims: 1}]} | no key 'tims' in more.0; nearest: times",
                "{file: a, more: {times: 1}} | more must be a list",
            })
    void whatDoesNotFitIsRefusedInOneLine(String yaml, String expected) {
        assertThatThrownBy(() -> bind(yaml))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("test: " + expected)
                .hasMessageNotContaining("\n");
    }

    @Test
    void settingsKnowWhereTheyStand() {
        List<DeclaredSetting> all = Declarations.of(TextRecipe.class);
        assertThat(all.stream().map(DeclaredSetting::dotted))
                .containsExactly(
                        "file",
                        "max_tokens",
                        "cut",
                        "masked",
                        "volume",
                        "shares",
                        "words",
                        "words.cased",
                        "words.times",
                        "more",
                        "more.cased",
                        "more.times");
        assertThat(all.stream().map(DeclaredSetting::options).map(Object::toString))
                .containsExactly(
                        "[--lines]",
                        "[--max-tokens]",
                        "[--cut]",
                        "[--masked]",
                        "[--volume]",
                        "[--shares]",
                        "[]",
                        "[--cased]",
                        "[--times]",
                        "[]",
                        "[]",
                        "[--times]");
        assertThat(all.get(7).heading()).isEqualTo(Heading.AUGMENTATION);
        assertThat(all.get(2).line()).isEqualTo("Where cut (start, end; default: end)");
    }

    @Test
    void anotherValueIsCheckedAsTheFirstWas() {
        WordRecipe words = new WordRecipe(true, 1);
        assertThat(Sections.with(words, "times", 4)).isEqualTo(new WordRecipe(true, 4));
        TeacherRecipe kept = RecipeFiles.bind(RecipeFiles.tree().put("model", "file"), TeacherRecipe.class, "");
        assertThatThrownBy(() -> Sections.with(kept, "model", null)).isInstanceOf(LimbeckException.class);
    }

    @Test
    void everySettingOfRecipesHasHelpAnOptionOfItsOwnAndAHeading() {
        Set<String> options = new HashSet<>();
        for (DeclaredSetting setting : Declarations.ofRecipes()) {
            assertThat(setting.declaration().help())
                    .as(setting.dotted())
                    .isNotBlank()
                    .doesNotContain("\n")
                    .doesNotEndWith(".");
            assertThat(setting.heading()).as(setting.dotted()).isNotEqualTo(Heading.OF_SECTION);
            for (String option : setting.options())
                assertThat(options.add(option)).as(option).isTrue();
        }
    }

    @Test
    void namesOfPrecisionsAreThoseOfTheEngine() {
        assertThat(Declarations.ofRecipes())
                .filteredOn(setting -> setting.dotted().equals("training.precision"))
                .singleElement()
                .extracting(DeclaredSetting::choices)
                .isEqualTo(Precision.NAMES);
    }
}
