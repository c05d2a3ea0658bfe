package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LossRecipeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "soft-target | {\"name\":\"soft-target\"}",
                "soft-target:T=4 | {\"name\":\"soft-target\",\"temperature\":4.0}",
                "soft-target:T=linear:8..2@0.2..0.8 | "
                        + "{\"name\":\"soft-target\",\"temperature\":\"linear:8..2@0.2..0.8\"}",
                "decoupled:alpha=1,beta=2,T=4 | "
                        + "{\"name\":\"decoupled\",\"parameters\":{\"alpha\":1.0,\"beta\":2.0},\"temperature\":4.0}",
                "attention:layer2+layer3/layer4,scale=0.1 | "
                        + "{\"name\":\"attention\",\"layers\":[\"layer2\",\"layer3/layer4\"],\"scale\":0.1}",
                "fitnet:auto,adapter=regressor,scale=cosine:1..0 | {\"name\":\"fitnet\",\"layers\":[\"auto\"],"
                        + "\"adapter\":\"regressor\",\"scale\":\"cosine:1..0\"}"
            })
    void readsWhatTheCommandLineSays(String text, String expected) {
        ObjectNode tree = LossRecipe.parse(text);
        assertThat(tree).hasToString(expected);
        RecipeFiles.bind(tree, LossRecipe.class, "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "soft-target",
                "decoupled:alpha=1,beta=2.5,scale=3",
                "attention:layer2+layer3/layer4,scale=cosine:1.0..0.0",
                "fitnet:auto,adapter=regressor"
            })
    void isWrittenAsItIsRead(String text) {
        assertThat(RecipeFiles.bind(LossRecipe.parse(text), LossRecipe.class, "")
                        .text())
                .isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "soft-targt | no loss 'soft-targt'; nearest: soft-target",
                "attention | the loss attention compares features; name the layers, such as attention:layer3",
                "soft-target:layer3 | the loss soft-target compares logits; leave the layers out",
                "soft-target:adapter=linear | the loss soft-target compares logits; leave the adapter out",
                "fitnet:layer3,adapter=conv | no adapter 'conv'; nearest: ",
                "fitnet:auto/layer3 | auto finds the layers of both networks, found it beside others in auto/layer3; give auto alone, or name all layers",
                "fitnet:layer3/auto | auto finds the layers of both networks, found it beside others in layer3/auto; give",
                "flow:auto+layer3 | auto finds the layers of both networks, found it beside others in auto+layer3; give",
                "soft-target:beta=2 | the loss soft-target has no beta, found 2; it has temperature",
                "logit-mse:T=2 | the loss logit-mse has no temperature, found 2.0; leave it out",
                "soft-target:T=-1 | temperature must be a positive number, found -1.0",
                "soft-target:T=four | a schedule must be a number or shape:start..end",
                "soft-target:scale=-1 | scale must be at least 0, found -1.0",
                "decoupled:alpha=big | alpha must be a number, found 'big'",
                "correlation:layer3,order=1.5 | order must be a whole number, found 1.5",
                "channel-wise:layer3,T=linear:4..1 | the temperature of channel-wise can't change; give a number",
                "soft-target:,T=2 | found an empty part between two commas of 'soft-target:,T=2'"
            })
    void saysInOneLineWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> RecipeFiles.bind(LossRecipe.parse(text), LossRecipe.class, ""))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(message);
    }

    static Collection<LossType> types() {
        return Losses.types();
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyLossIsNamedByOneLineAndMadeByItsDefaults(LossType type) {
        String text = type.comparesFeatures() ? type.name() + ":layer2+layer3" : type.name();
        RecipeFiles.bind(LossRecipe.parse(text), LossRecipe.class, "");
        assertThat(type.summary()).isNotBlank().doesNotContain("\n");
        for (LossSetting<?> setting : type.settings()) {
            String one = setting.name().equals(LossSetting.TEMPERATURE) ? "T" : setting.name();
            assertThat(setting.help()).isNotBlank().doesNotContain("\n");
            String set = text + (type.comparesFeatures() ? "," : ":") + one + "=" + setting.defaultValue();
            RecipeFiles.bind(LossRecipe.parse(set), LossRecipe.class, "");
        }
    }

    @Test
    void wholeNumbersStayWholeAndOlderRecordsAreRead() {
        String now = RecipeFiles.tree("{name: correlation, layers: [a], parameters: {order: 3}}", "t")
                .toString();
        String then = "{name: correlation, layers: [a], parameters: {order: 3.0}}";
        for (String text : new String[] {now, then}) {
            LossRecipe read = RecipeFiles.bind(RecipeFiles.tree(text, "t"), LossRecipe.class, "");
            assertThat(read.parameters()).containsEntry("order", 3);
        }
        assertThatThrownBy(() -> RecipeFiles.bind(
                        RecipeFiles.tree("{name: correlation, layers: [a], parameters: {order: [3]}}", "t"),
                        LossRecipe.class,
                        ""))
                .hasMessage("order must be a whole number, found [3]");
    }

    @Test
    void aRecipeSaysTheSameAsTheCommandLine() {
        String yaml = """
                data: {source: shapes}
                teacher: {model: t.safetensors}
                student: cifar-resnet8
                training: {epochs: 2}
                distillation:
                  kd_weight: cosine:1..0
                  teacher_errors: drop
                  max_steps: 100
                  adapter_epochs: 1
                  losses:
                    - {name: soft-target, temperature: "linear:8..2"}
                    - {name: attention, layers: [layer2, layer3], scale: 0.1}
                """;
        Recipe recipe = RecipeFiles.bind(RecipeFiles.tree(yaml, "test"), "");
        Recipe again = RecipeFiles.bind(RecipeFiles.tree(RecipeFiles.yaml(recipe), "test"), "");
        assertThat(again.distillation()).isEqualTo(recipe.distillation());
        assertThat(RecipeFiles.tree(recipe).at("/distillation/kd_weight").asText())
                .isEqualTo("cosine:1.0..0.0");
        assertThat(RecipeFiles.tree(recipe).at("/distillation/losses/1/scale").isNumber())
                .isTrue();
    }
}
