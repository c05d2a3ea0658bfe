package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line says comes before what a file says. */
class DistillationOptionsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                // what the file says, --loss, -T, what comes of it
                "[] | - | - | []",
                "[] | - | 4 | [{'name':'soft-target','temperature':4.0}]",
                "[{'name':'dist','scale':2}] | - | 4 | [{'name':'dist','scale':2,'temperature':4.0}]",
                "[{'name':'soft-target','temperature':5}] | soft-target | - | [{'name':'soft-target','temperature':5}]",
                "[{'name':'soft-target','temperature':5}] | decoupled | - | [{'name':'decoupled','temperature':5}]",
                "[{'name':'soft-target','temperature':5}] | logit-mse | - | [{'name':'logit-mse'}]",
                "[{'name':'fitnet','layers':['a'],'scale':3}] | soft-target | 2 | "
                        + "[{'name':'soft-target','scale':3,'temperature':2.0}]",
                "[{'name':'decoupled','parameters':{'beta':2}}] | decoupled:T=3 | - | "
                        + "[{'name':'decoupled','parameters':{'beta':2},'temperature':3.0}]",
                "[{'name':'dist'},{'name':'logit-mse'}] | - | 4 | [{'name':'dist','temperature':4.0},{'name':'logit-mse'}]",
                // the temperature of a loss on features is another thing
                "[{'name':'soft-target'},{'name':'contrastive','layers':['a']}] | - | 4 | "
                        + "[{'name':'soft-target','temperature':4.0},{'name':'contrastive','layers':['a']}]",
                "[{'name':'dist'}] | soft-target:T=2 logit-mse dist | 4 | "
                        + "[{'name':'soft-target','temperature':2.0},{'name':'logit-mse'},{'name':'dist','temperature':4.0}]"
            })
    void lossesOfTheCommandLineTakeThePlaceOfThoseInTheFile(
            String file, String losses, String temperature, String expected) throws Exception {
        ObjectMapper json = new ObjectMapper();
        ObjectNode recipe = json.createObjectNode();
        recipe.putObject("distillation").set("losses", json.readTree(file.replace('\'', '"')));
        DistillationOptions options = new DistillationOptions();
        if (losses != null) options.losses = Arrays.asList(losses.split(" "));
        options.temperature = temperature;
        options.into(recipe, List.of());
        assertThat(recipe.at("/distillation/losses").toString().replace('"', '\''))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.3", "cosine:1..0, \"cosine:1..0\""})
    void weightsAreNumbersOrSchedules(String given, String expected) {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        DistillationOptions options = new DistillationOptions();
        options.weight = given;
        options.taskWeight = given;
        options.losses = List.of();
        options.into(recipe, List.of());
        assertThat(recipe.at("/distillation/kd_weight")).hasToString(expected.replace("\\", ""));
        assertThat(recipe.at("/distillation/task_weight")).hasToString(expected.replace("\\", ""));
    }

    @Test
    void schedulesAreGivenBySetting() {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        DistillationOptions options = new DistillationOptions();
        options.losses = List.of("soft-target", "dist:T=2");
        options.into(recipe, List.of("weight=cosine:1..0", "task-weight=0.5", "temperature=linear:8..2"));
        assertThat(recipe.get("distillation"))
                .hasToString(("{'kd_weight':'cosine:1..0','task_weight':0.5,'losses':["
                                + "{'name':'soft-target','temperature':'linear:8..2'},{'name':'dist','temperature':2.0}]}")
                        .replace('\'', '"'));
    }
}
