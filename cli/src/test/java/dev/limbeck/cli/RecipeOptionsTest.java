package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Test that options on the command line override a recipe. */
class RecipeOptionsTest {
    @TempDir
    Path temporary;

    /** Apply options to a recipe. */
    private static void write(ObjectNode recipe, String... options) {
        SettingOptions settings = SettingOptions.ofRecipe(true);
        CommandSpec command = CommandSpec.create();
        settings.addTo(command);
        CommandLine line = new CommandLine(command);
        Numbers.register(line);
        line.parseArgs(options);
        Recipes.write(settings, recipe);
    }

    /** Settings of a recipe's teacher apply to those of the command line; how its members were joined does not. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'model':'m','architecture':'r','output':'sigmoid','cache':'c'} | --teacher a --teacher b --teacher-output logits | "
                        + "{'cache':'c','members':[{'architecture':'r','output':'logits','model':'a'},"
                        + "{'architecture':'r','output':'logits','model':'b'}]}",
                "{'members':[{'model':'m'},{'model':'n'}],'ensemble':'logits','weights':[1,2],'cache':'c'} | --teacher a | "
                        + "{'cache':'c','model':'a'}",
                "{'members':[{'model':'m'},{'model':'n'}],'ensemble':'logits'} | --teacher a --teacher b | "
                        + "{'ensemble':'logits','members':[{'model':'a'},{'model':'b'}]}",
            })
    void aRecipesTeacherIsReplacedByOthers(String before, String options, String expected) throws Exception {
        ObjectMapper json = new ObjectMapper();
        ObjectNode recipe = json.createObjectNode();
        recipe.set("teacher", json.readTree(before.replace('\'', '"')));
        write(recipe, options.split(" "));
        assertThat(recipe.get("teacher")).isEqualTo(json.readTree(expected.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                // recipe, --loss, -T, result
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
                "[{'name':'decoupled','parameters':{'alpha':2,'beta':3}}] | decoupled:alpha=1.5 | - | "
                        + "[{'name':'decoupled','parameters':{'alpha':1.5,'beta':3}}]",
                "[{'name':'dist'},{'name':'logit-mse'}] | - | 4 | [{'name':'dist','temperature':4.0},{'name':'logit-mse'}]",
                // the temperature of a loss on features is a different setting
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
        List<String> options = new ArrayList<>();
        if (losses != null) for (String loss : losses.split(" ")) options.addAll(List.of("--loss", loss));
        if (temperature != null) options.addAll(List.of("-T", temperature));
        write(recipe, options.toArray(String[]::new));
        assertThat(recipe.at("/distillation/losses").toString().replace('"', '\''))
                .isEqualTo(expected);
    }

    /** A preset stands below a file, and a file below the options; without a teacher its distillation is left out. */
    @Test
    void aPresetsValuesCanBeOverridden() {
        Object[] least = {"--data", "shapes:24:8:0", "--image-size", "16", "--arch", "cifar-resnet8"};
        assertThat(Cli.run("recipe", "--preset", "patient").done().out())
                .contains("Beyer et al.", "mixup: 1.0", "kd_weight: 1\n");
        assertThat(Cli.run("recipe", "--preset", "pateint").err())
                .contains("no preset 'pateint'; nearest: patient")
                .hasLineCount(1);
        Path folder = temporary.resolve("run");
        JsonNode recipe = Cli.run(
                        "train",
                        least,
                        "--preset",
                        "patient",
                        "--epochs",
                        "1",
                        "--lr",
                        "0.01",
                        "--out",
                        folder,
                        "--json")
                .done()
                .json()
                .get("recipe");
        assertThat(recipe.at("/training/epochs").asInt()).isEqualTo(1);
        assertThat(recipe.at("/training/lr").asDouble()).isEqualTo(0.01);
        assertThat(recipe.at("/training/mixup").asDouble()).isEqualTo(1);
        assertThat(recipe.at("/data/augment/random_resized_crop").asDouble()).isEqualTo(0.35);
        assertThat(recipe.has("distillation")).isFalse();
        Object[] taught = {"distill", least, "--preset", "patient", "--teacher", folder, "--epochs", "1", "-T", "2"};
        assertThat(Cli.run(taught, "--cutmix", "1", "--out", temporary.resolve("none"))
                        .err())
                .contains("found mixup and cutmix; set only one")
                .hasLineCount(1);
        JsonNode distilled = Cli.run(taught, "--out", temporary.resolve("taught"), "--json")
                .done()
                .json()
                .get("recipe");
        assertThat(distilled.at("/distillation/kd_weight").asDouble()).isEqualTo(1);
        assertThat(distilled.at("/distillation/losses").toString())
                .isEqualTo("[{\"name\":\"soft-target\",\"temperature\":2.0}]");
    }

    /** The average as its own teacher, with a schedule in either form. */
    @Test
    void aMeanTeacherIsAScheduledOption() {
        Object[] least = {
            "train", "--data", "shapes:24:8:0", "--image-size", "16", "--arch", "cifar-resnet8", "--epochs", "2"
        };
        Path out = temporary.resolve("mean");
        JsonNode run = Cli.run(
                        least, "--ema-decay", "0.9", "--mean-teacher", "linear:0..1@0..0.3", "--out", out, "--json")
                .done()
                .json();
        assertThat(run.at("/epochs/1/terms").has("mean_teacher")).isTrue();
        assertThat(run.at("/recipe/training/mean_teacher").asText()).isEqualTo("linear:0.0..1.0@0.0..0.3");
        Path other = temporary.resolve("other");
        assertThat(Cli.run(
                                least,
                                "--ema-decay",
                                "0.9",
                                "--schedule",
                                "mean-teacher=linear:0..1@0..0.3",
                                "--out",
                                other,
                                "--json")
                        .done()
                        .json()
                        .get("model_sha256"))
                .isEqualTo(run.get("model_sha256"));
        assertThat(Cli.run(least, "--mean-teacher", "1", "--out", temporary.resolve("none"))
                        .err())
                .contains("found mean_teacher without a moving average; set ema_decay (--ema-decay 0.99) too")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.3", "cosine:1..0, \"cosine:1..0\""})
    void weightsAreNumbersOrSchedules(String given, String expected) {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        write(recipe, "--kd-weight", given, "--task-weight", given);
        assertThat(recipe.at("/distillation/kd_weight")).hasToString(expected.replace("\\", ""));
        assertThat(recipe.at("/distillation/task_weight")).hasToString(expected.replace("\\", ""));
    }

    @Test
    void schedulesAreGivenBySetting() {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        write(
                recipe,
                "--loss=soft-target",
                "--loss=dist:T=2",
                "--schedule=weight=cosine:1..0",
                "--schedule=task-weight=0.5",
                "--schedule=temperature=linear:8..2");
        assertThat(recipe.get("distillation"))
                .hasToString(("{'kd_weight':'cosine:1..0','task_weight':0.5,'losses':["
                                + "{'name':'soft-target','temperature':'linear:8..2'},{'name':'dist','temperature':2.0}]}")
                        .replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--teacher a --teacher-image-size 64 --ensemble logits | "
                        + "{'old':1,'image_size':64,'ensemble':'logits','model':'a'}",
                "--teacher a --teacher b --teacher-arch r --teacher-mean 0,0,1 --cache-teacher c | {'cache':'c',"
                        + "'members':[{'old':1,'mean':[0.0,0.0,1.0],'model':'a','architecture':'r'},"
                        + "{'old':1,'mean':[0.0,0.0,1.0],'model':'b','architecture':'r'}]}",
                "--teacher-layout nhwc | {'model':'file','members':[],'old':1,'layout':'nhwc'}",
            })
    void severalTeachersAreMembers(String options, String expected) throws Exception {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        recipe.putObject("teacher").put("model", "file").set("members", new ObjectMapper().createArrayNode());
        recipe.withObject("/teacher").put("old", 1);
        write(recipe, options.split(" "));
        JsonNode found = recipe.get("teacher");
        assertThat(found).isEqualTo(new ObjectMapper().readTree(expected.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                "--hflip | {'data':{'augment':{'hflip':true}}}",
                "--no-hflip --balanced | {'data':{'balanced':true,'augment':{'hflip':false}}}",
                "--pretrained --head linear | {'pretrained':{'weights':'imagenet','head':'linear'}}",
                "--pretrained --weights w | {'pretrained':{'weights':'w'}}",
                "--data-seed 3 --seed 4 --arch a | {'data':{'seed':3},'student':'a','training':{'seed':4}}",
                "--kd-max-steps 9 --cache-dtype top-5 | {'teacher':{'cache_as':'top-5'},'distillation':{'max_steps':9}}",
            })
    void optionsStandWhereTheirSettingIsDeclared(String options, String expected) throws Exception {
        ObjectMapper json = new ObjectMapper();
        ObjectNode recipe = json.createObjectNode();
        write(recipe, options.split(" "));
        assertThat(json.readTree(recipe.toString())).isEqualTo(json.readTree(expected.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--head linear | --head needs --pretrained or --weights; add one",
                "--frozen-epochs 2 | --frozen-epochs needs --pretrained or --weights; add one",
                "--weights-key k | --weights-key needs --weights",
                "--teacher a --teacher b --teacher-arch x --teacher-arch y --teacher-arch z | there are 2 teachers, found",
                "--teacher-arch x --teacher-arch y | there are 1 teachers, found --teacher-arch 2 times",
            })
    void optionsThatNeedOthers(String options, String expected) {
        ObjectNode recipe = new ObjectMapper().createObjectNode();
        assertThatThrownBy(() -> write(recipe, options.split(" ")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(expected);
    }
}
