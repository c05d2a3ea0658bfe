package dev.limbeck.recipe;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.recipe.image.ImageDataRecipe;
import dev.limbeck.recipe.image.ImageTeacherInputs;
import dev.limbeck.run.RunRecord;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

class RecipeTest {
    private static final String LEAST = "data: {source: shapes}\nstudent: cifar-resnet8\n";

    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("r.yaml"), text);
    }

    private static ImageDataRecipe images(Recipe recipe) {
        return (ImageDataRecipe) recipe.data();
    }

    @Test
    void aMeanOfPixelsIsRefused() {
        assertThatThrownBy(
                        () -> Recipe.parse(
                                "data: {source: shapes, mean: [123.0, 117.0, 104.0], std: [1, 1, 1]}\nstudent: cifar-resnet8\n"))
                .hasMessageContaining("mean must be on the scale where white is 1, found 123.0; divide by 255");
        Recipe.parse(
                "data: {source: shapes, mean: [0, 0, 0], std: [0.0039, 0.0039, 0.0039]}\nstudent: cifar-resnet8\n");
        Recipe.parse("data: {source: shapes, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}\nstudent: cifar-resnet8\n");
    }

    @Test
    void anEmptySectionLeavesThePresets() {
        ObjectNode tree =
                RecipeFiles.over("patient", RecipeFiles.tree("training:\ndata: {source: shapes}", "r.yaml"), true);
        assertThat(tree.at("/training/mixup").asDouble()).isEqualTo(1);
        assertThat(tree.at("/data/source").asText()).isEqualTo("shapes");
    }

    @Test
    void aValueInPlaceOfASectionIsOneLine() {
        ObjectNode tree = RecipeFiles.tree("pretrained: true", "r.yaml");
        assertThatThrownBy(() -> RecipeFiles.merge(tree, RecipeFiles.tree("pretrained: {frozen_epochs: 2}", "")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("pretrained must be keys with values, found true; write them as a section");
    }

    @Test
    void whatIsNotSaidHasADefault() throws IOException {
        Recipe recipe = Recipe.read(file(LEAST));
        assertThat(recipe.training()).isEqualTo(RecipeFiles.defaults(TrainingRecipe.class));
        assertThat(recipe.training().epochs()).isEqualTo(10);
        assertThat(recipe.training().lr()).isEqualTo(1e-3);
        assertThat(images(recipe).batchSize()).isEqualTo(64);
        assertThat(recipe.distillation()).isNull();
        Recipe taught = Recipe.read(file(LEAST + "teacher: {model: runs/t}\n"));
        assertThat(taught.distillation())
                .isEqualTo(RecipeFiles.defaults(DistillationRecipe.class).withLossFor(Task.Kind.SINGLE_LABEL));
    }

    @Test
    void quantizationAwareTrainingKeepsTheClassifierOfAFile() {
        Recipe recipe =
                Recipe.parse(LEAST + "pretrained: {weights: runs/a}\ntraining: {quantize: true, schedule: constant}");
        assertThat(recipe.architecture().name()).isEqualTo("cifar-resnet8+qat");
        assertThat(requireNonNull(recipe.pretrained()).head()).isEqualTo("keep");
        assertThat(recipe.epochs()).isEqualTo(10);
        assertThat(Recipe.parse(recipe.toYaml())).isEqualTo(recipe);
        Recipe other = Recipe.parse(LEAST + "pretrained: {weights: runs/a, head: linear}\ntraining: {quantize: true}");
        assertThat(requireNonNull(other.pretrained()).head()).isEqualTo("linear");
        assertThat(other.epochs()).isEqualTo(11);
        Recipe imagenet = Recipe.parse(LEAST + "pretrained: {}\ntraining: {quantize: true}");
        assertThat(requireNonNull(imagenet.pretrained()).head()).isNull();
        assertThat(Recipe.parse(LEAST).architecture().name()).isEqualTo("cifar-resnet8");
    }

    @Test
    void settingsThatWouldDoNothingAreRefused() {
        assertThatThrownBy(() -> Recipe.parse(LEAST + "pretrained: {weights: runs/a, head: keep, frozen_epochs: 3}"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "found frozen_epochs 3, but with head keep there is no new classifier; leave one of both out");
        assertThatThrownBy(() -> Recipe.parse(LEAST + "pretrained: {weights: runs/a, probe: true, frozen_epochs: 2}"))
                .hasMessageContaining("with probe all epochs train the classifier only");
    }

    @Test
    void aStudentThatLearnsAnEmbeddingHasNoClassifierToTrainFirst() throws IOException {
        String recipe = "data: {source: shapes, task: embedding}\nstudent: cifar-resnet8\nteacher: {model: runs/t}\n";
        Recipe plain = Recipe.parse(recipe + "pretrained: {weights: runs/a}\n");
        assertThat(plain.epochs()).isEqualTo(10);
        for (String setting : List.of("frozen_epochs: 3", "head: linear", "head: keep")) {
            String pretrained = "pretrained: {weights: runs/a, " + setting + "}\n";
            assertThatThrownBy(() -> Recipe.parse(recipe + pretrained))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the task embedding trains a network without a classifier, found pretrained."
                            + setting.replace(":", "") + "; leave it out");
        }
        // Records of earlier releases may have what did nothing.
        Path made = Files.writeString(folder.resolve("run.json"), """
                {"limbeck": "1", "recipe": {"data": {"source": "shapes", "task": "embedding"}, "student": "cifar-resnet8",
                "teacher": {"model": "runs/t"}, "pretrained": {"weights": "runs/a", "head": "linear", "frozen_epochs": 3}},
                "model_sha256": "0"}
                """);
        assertThat(Recipe.read(made)).isEqualTo(plain);
        assertThat(RunRecord.read(made).recipe().get("pretrained").toString())
                .isEqualTo("{\"weights\":\"runs/a\",\"frozen_epochs\":1}");
    }

    @Test
    void studentsThatTrainAlongAreDifferent() {
        for (String also : List.of("[cifar-resnet8]", "[wrn-16-2, wrn-16-2]")) {
            assertThatThrownBy(
                            () -> Recipe.parse(LEAST + "teacher: {model: runs/t}\ndistillation: {also: " + also + "}"))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("need different architectures, found ");
        }
    }

    @Test
    void quantizationAwareTrainingIsForImages() {
        assertThatThrownBy(() -> Recipe.parse("data: {source: shapes}\nstudent: mlp\ntraining: {quantize: true}"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("quantization-aware training is for networks of images, found mlp");
        assertThatThrownBy(() -> Recipe.parse(LEAST + "pretrained: {head: keep}"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("found head keep without a file of weights (--weights)");
    }

    @Test
    void everyPresetIsARecipeWithoutDataStudentAndTeacher() {
        assertThat(Presets.names()).containsExactly("patient", "quick", "few-labels");
        for (String name : Presets.names()) {
            Recipe alone = Recipe.parse(name, LEAST);
            assertThat(alone.distillation()).as(name).isNull();
            Recipe taught = Recipe.parse(name, LEAST + "teacher: {model: runs/t}\n");
            assertThat(taught.alone()).isEqualTo(alone);
            assertThat(requireNonNull(taught.distillation()).losses()).hasSize(1);
            // Values of a preset are printed with what they mean.
            assertThat(Presets.yaml(name))
                    .startsWith("# ")
                    .contains("epochs: " + taught.training().epochs());
        }
        Recipe patient = Recipe.parse("patient", LEAST + "training: {epochs: 7}\nteacher: {model: runs/t}\n");
        assertThat(patient.training().epochs()).isEqualTo(7);
        assertThat(patient.training().mixup()).isEqualTo(1);
        assertThat(requireNonNull(patient.distillation()).kdWeight().first()).isEqualTo(1);
        assertThatThrownBy(() -> Recipe.parse("few_labels", LEAST))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("few-labels");
        assertThatThrownBy(() -> Recipe.parse("quick", LEAST + "training: {epoch: 7}\n"))
                .hasMessageContaining("epoch");
    }

    @Test
    void whatHoldsTheStudentAndWhatTrainsItAreRefusedTogether() {
        assertThatThrownBy(() ->
                        Recipe.parse(LEAST + "teacher: {model: runs/t}\ntraining: {ema_decay: 0.9, mean_teacher: 1}\n"
                                + "distillation: {adapter_epochs: 1, losses: [{name: fitnet, layers: [auto]}]}\n"))
                .hasMessage("adapter_epochs holds the student, which mean_teacher trains; leave one out");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "training: {epochs: 2} | adapter_epochs must be below epochs, found 2 of 2, in which only adapters would be "
                        + "trained; lower it, or raise epochs",
                "training: {epochs: 9, patience: 2} | adapter_epochs must be below patience, found 2 and 2; the metric does "
                        + "not change while only adapters are trained, so raise patience",
                "pretrained: {} | pretrained.frozen_epochs (1) train adapters beside the classifier; leave adapter_epochs "
                        + "out, or set frozen_epochs to 0",
            })
    void adaptersLeaveTheStudentEpochsOfItsOwn(String more, String expected) {
        String recipe = LEAST + "teacher: {model: runs/t}\n"
                + "distillation: {adapter_epochs: 2, losses: [{name: fitnet, layers: [auto]}]}\n" + more + "\n";
        assertThatThrownBy(() -> Recipe.parse(recipe)).hasMessage(expected);
    }

    @Test
    void furtherStudentsAreTaughtLikeTheFirstOrRefused() {
        String also = LEAST + "teacher: {model: runs/t}\ndistillation: {also: [cifar-resnet14]%s}\n%s";
        assertThat(requireNonNull(Recipe.parse(also.formatted("", "")).distillation())
                        .also())
                .containsExactly("cifar-resnet14");
        String[][] ofOne = {
            {"", "pretrained: {weights: imagenet}", "pretrained"},
            {"", "training: {clip_grad_norm: 1}", "clip_grad_norm"},
            {"", "training: {ema_decay: 0.9}", "ema_decay"},
            {"", "training: {patience: 2}", "patience"},
            {"", "training: {keep: best}", "keep: best"},
            {", losses: [{name: fitnet, layers: [auto]}]", "", "losses on features"},
        };
        for (String[] one : ofOne) {
            assertThatThrownBy(() -> Recipe.parse(also.formatted(one[0], one[1])))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(one[2]
                            + " is for one student, found also [cifar-resnet14]; leave one of both out, or train the "
                            + "students one by one");
        }
    }

    @Test
    void aProbeFindsNoRangesForInt8() {
        assertThatThrownBy(() -> Recipe.parse(
                        LEAST + "pretrained: {weights: runs/b, probe: true}\ntraining: {quantize: true}\n"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "a probe keeps its backbone as it is, so no ranges for int8 are found; leave probe or quantize out");
    }

    @Test
    void aRecordOfARunGivesItsRecipe() throws IOException {
        Path made = Files.writeString(folder.resolve("run.json"), """
                {"limbeck": "1", "recipe": {"data": {"source": "shapes"}, "student": "cifar-resnet8"}, "model_sha256": "0"}
                """);
        assertThat(Recipe.read(made)).isEqualTo(Recipe.parse(LEAST));
    }

    @Test
    void aKeyThatIsThereTwiceIsRefused() {
        assertThatThrownBy(() -> Recipe.read(file(LEAST + "training: {epochs: 1, epochs: 3}\n")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(folder.resolve("r.yaml") + ":3: is not YAML (Duplicate")
                .hasMessageContaining("epochs");
    }

    /** Settings of a teacher's images stand among the teacher's own, in recipes of any age. */
    @Test
    void aTeachersImageSettingsStandBesideItsOwn() throws IOException {
        String settings = "image_size: 16, resize: pad, mean: [0, 0.5, 1], std: [1, 1, 2], layout: nhwc, channels: bgr";
        Recipe recipe = Recipe.read(file(LEAST + "teacher: {model: t.onnx, " + settings + ", output: logits}\n"));
        TeacherRecipe teacher = Objects.requireNonNull(recipe.teacher());
        assertThat(teacher.inputs())
                .isEqualTo(new ImageTeacherInputs(
                        16, "pad", List.of(0.0, 0.5, 1.0), List.of(1.0, 1.0, 2.0), "nhwc", "bgr"));
        assertThat(teacher.output()).isEqualTo("logits");
        assertThat(recipe.toYaml()).contains("  image_size: 16").doesNotContain("inputs");
        assertThat(Recipe.read(file(recipe.toYaml()))).isEqualTo(recipe);
        Recipe members = Recipe.read(
                file(LEAST + "teacher: {members: [{model: a, " + settings + "}, {model: b}], ensemble: logits}\n"));
        assertThat(Recipe.read(file(members.toTree().toString()))).isEqualTo(members);
        assertThat(Objects.requireNonNull(
                                Objects.requireNonNull(members.teacher()).members())
                        .get(1)
                        .inputs())
                .isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "image_size: 0 | teacher.image_size must be at least 1, found 0",
                "image_size: big | teacher.image_size must be a whole number",
                "mean: [1, 1, 1] | set mean and std together, found only mean; give both",
                "layout: hwc | no layout 'hwc'",
                "image_sise: 3 | no key 'image_sise' in teacher; nearest: image_size"
            })
    void aTeachersImageSettingsAreChecked(String setting, String message) throws IOException {
        Path recipe = file(LEAST + "teacher: {model: t, " + setting + "}\n");
        assertThatThrownBy(() -> Recipe.read(recipe))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message);
    }

    @Test
    void comesBackFromItsOwnTextAndTree() throws IOException {
        Recipe recipe = Recipe.read(file("""
                data: {source: pictures, image_size: 48, resize: pad, batch_size: 16, valid_fraction: 0.1, max_train_samples: 99,
                  seed: 5, mean: [0, 0.5, 1], std: [1, 1, 2], label_regex: '^(\\w+)_\\d+', skip_bad_images: true}
                teacher: {model: 'a: b', architecture: resnet34}
                student: resnet18
                training: {epochs: 3, lr: 1e-4, schedule: constant, optimizer: sgd, weight_decay: 0, clip_grad_norm: 1,
                  grad_accum_steps: 2, patience: 4, keep: best, seed: 12345678901}
                distillation: {kd_weight: 0.7, task_weight: 0.2, losses: [{name: soft-target, temperature: 5, scale: 2},
                  {name: logit-mse}]}
                """));
        assertThat(Recipe.read(file(recipe.toYaml()))).isEqualTo(recipe);
        assertThat(Recipe.read(file(recipe.toTree().toString()))).isEqualTo(recipe);
        assertThat(images(recipe).labelRegex()).isEqualTo("^(\\w+)_\\d+");
        assertThat(recipe.training().seed()).isEqualTo(12345678901L);
        assertThat(recipe.withSeed(3).training().seed()).isEqualTo(3);
        assertThat(recipe.withSeed(3).data()).isEqualTo(recipe.data());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2024.10",
                "007",
                "00001",
                "1e5",
                "0x1F",
                "0o17",
                "1_000",
                ".5",
                "+3",
                "-0",
                "12:30:45",
                "2024-01-02",
                "yes",
                "no",
                "on",
                "Off",
                "y",
                "N",
                "true",
                "False",
                "~",
                "null",
                "Null",
                ".inf",
                ".nan",
                "=",
                "<<",
                "a: b",
                "#x",
                "x #y",
                "- a",
                "[a",
                "{a",
                "*a",
                "&a",
                "!a",
                "%a",
                "@a",
                "`a",
                "'a'",
                "\"a\"",
                "a\\b",
                " a ",
                "a\nb",
                "Café",
                "\uD83D\uDC31",
                "C:\\data",
                "a,b",
                "?",
                "|",
                ">",
                "..",
                ".",
                "--- a"
            })
    void namesComeBackAsTheyAreWhateverYamlMightTakeThemFor(String name) throws IOException {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data").put("source", name);
        tree.put("student", "cifar-resnet8");
        tree.putObject("teacher")
                .put("model", name)
                .putArray("classes")
                .add(name)
                .add("other");
        Recipe recipe = RecipeFiles.bind(tree, "");
        assertThat(recipe.data().source()).isEqualTo(name);
        assertThat(Recipe.read(file(recipe.toYaml()))).isEqualTo(recipe);
        // Any other YAML 1.1 parser must read the same text.
        Map<String, Map<String, Object>> elsewhere = new Yaml().load(recipe.toYaml());
        assertThat(elsewhere.get("data")).containsEntry("source", name);
        assertThat(elsewhere.get("teacher")).containsEntry("classes", List.of(name, "other"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2024.10",
                "007",
                "00001",
                "1e5",
                "0x1F",
                "1_000",
                ".5",
                "12:30:45",
                "2024-01-02",
                "yes",
                "no",
                "true"
            })
    void namesInAFileNeedNoQuotes(String name) throws IOException {
        Recipe recipe = Recipe.read(file("data: {source: " + name + "}\nstudent: cifar-resnet8\nteacher: {model: "
                + name + ", classes: [" + name + ", other]}\n"));
        assertThat(recipe.data().source()).isEqualTo(name);
        TeacherRecipe teacher = requireNonNull(recipe.teacher());
        assertThat(teacher.model()).isEqualTo(name);
        assertThat(teacher.classes()).containsExactly(name, "other");
    }

    @Test
    void numbersAndBooleansAreReadAsTheyAreWritten() throws IOException {
        Recipe recipe = Recipe.read(
                file(
                        "data: {source: shapes, batch_size: 016, skip_bad_images: True, mean: [0, 5e-1, 1.],"
                                + " std: [1, 1, 1], seed: 7}\nstudent: cifar-resnet8\ntraining: {lr: 1e-4, epochs: 3}\nteacher: {model: t}\n"
                                + "distillation: {kd_weight: .25, losses: [{name: soft-target, temperature: 4, scale: 1E1}]}\n"));
        assertThat(images(recipe).batchSize()).isEqualTo(16);
        assertThat(images(recipe).skipBadImages()).isTrue();
        assertThat(images(recipe).mean()).containsExactly(0.0, 0.5, 1.0);
        assertThat(recipe.training().lr()).isEqualTo(1e-4);
        assertThat(recipe.distillation().kdWeight().first()).isEqualTo(0.25);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "training: {learning_rate: 1} | no key 'learning_rate' in training; nearest: ",
                "trainig: {lr: 1} | no key 'trainig'; nearest: training",
                "training: {epochs: 0} | epochs must be at least 1, found 0",
                "training: {epochs: 1.5} | training.epochs must be a whole number, found '1.5'",
                "training: {lr: fast} | training.lr must be a number, found 'fast'",
                "training: {lr: -1} | lr must be a positive number, found -1.0",
                "training: {keep: first} | no keep 'first'; nearest: best, last",
                "training: {optimizer: adam} | no optimizer 'adam'; nearest: adamw",
                "training: 3 | training must be keys with values",
                "distillation: {kd_weight: 0.5} | found distillation without a teacher",
                "teacher: {} | no teacher.model in the recipe",
                "teacher: {model: t, class: java.lang.Runtime} | no key 'class' in teacher; nearest: classes, columns, mean",
                "teacher: {members: [{model: a}, {model: b}], architecture: resnet34, weights_key: k, image_size: 8, layout: nhwc, "
                        + "classes: [x, y], output: logits, requests: 2} | architecture, weights_key, image_size, layout, classes, "
                        + "output, requests are for one model, found teacher.members; leave them out, or set them in each member",
                "teacher: {model: t, weights: [1], ensemble: logits} | ensemble, weights are for several teachers, found one; "
                        + "leave them out, or name more teachers",
                "teacher: {members: [{model: a}, {model: b}], weights: [1]} | set one weight for each of 2 teachers, found 1",
                "teacher: !!javax.script.ScriptEngineManager {} | no teacher.model in the recipe",
                "data: {source: shapes, mean: 3} | data.mean must be a list",
                "student: resnet19 | no architecture 'resnet19'; nearest: resnet18",
            })
    void oneLineSaysWhatIsWrong(String more, String expected) throws IOException {
        String text = more.startsWith("student")
                ? "data: {source: shapes}\n" + more
                : more.startsWith("data") ? "student: resnet18\n" + more : LEAST + more;
        Path file = file(text);
        assertThatThrownBy(() -> Recipe.read(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file + ": " + expected)
                .hasMessageNotContaining("\n")
                .hasMessageNotContaining("dev.limbeck");
    }

    @Test
    void whatIsNoRecipeIsSaid() throws IOException {
        Path file = file("just text");
        assertThatThrownBy(() -> Recipe.read(file)).hasMessageStartingWith(file + " is not a recipe; expected keys");
        file("a: [1, 2");
        assertThatThrownBy(() -> Recipe.read(file))
                .hasMessageStartingWith(file + ":")
                .hasMessageContaining("not YAML");
        file("");
        assertThatThrownBy(() -> Recipe.read(file)).hasMessageStartingWith(file + " is not a recipe");
        assertThatThrownBy(() -> Recipe.read(folder.resolve("none.yaml")))
                .hasMessage("no recipe " + folder.resolve("none.yaml"));
        file("student: resnet18\n");
        assertThatThrownBy(() -> Recipe.read(file)).hasMessageContaining("no data in the recipe");
    }

    @Test
    void differencesAreNamedByTheirPath() throws IOException {
        Recipe one = Recipe.read(file(LEAST + "training: {lr: 0.1}"));
        Recipe other = Recipe.read(file(LEAST + "training: {lr: 0.2, clip_grad_norm: 1}"));
        assertThat(RecipeFiles.difference(one.toTree(), other.toTree())).isEqualTo("training.lr is 0.1 against 0.2");
        assertThat(RecipeFiles.difference(one.toTree(), one.toTree())).isNull();
        assertThat(RecipeFiles.difference(
                        one.toTree(),
                        Recipe.read(file(one.toYaml() + "teacher: {model: t}")).toTree()))
                .isEqualTo("teacher is not set against {\"model\":\"t\"}");
    }

    @Test
    void pathsOfTheSameFileDoNotDiffer() throws IOException {
        Path photos = Files.createDirectory(folder.resolve("photos"));
        Path more = Files.createDirectory(folder.resolve("more"));
        JsonNode one = sources(photos, more);
        assertThat(RecipeFiles.difference(one, sources(folder.resolve("more/../photos"), more.resolve("."))))
                .isNull();
        assertThat(RecipeFiles.difference(one, sources(photos, photos)))
                .isEqualTo("unlabeled is [\"" + more + "\"] against [\"" + photos + "\"]");
        assertThat(RecipeFiles.difference(one, sources(folder.resolve("none"), more)))
                .isEqualTo("source is \"" + photos + "\" against \"" + folder.resolve("none") + "\"");
    }

    private static JsonNode sources(Path source, Path unlabeled) {
        ObjectNode data = JsonNodeFactory.instance.objectNode().put("source", source.toString());
        data.putArray("unlabeled").add(unlabeled.toString());
        return data;
    }

    @Test
    void encodingsAndTabsAreReadOrNamed(@TempDir Path folder) throws IOException {
        String text = "data:\n  source: Größe\n";
        Path file = folder.resolve("recipe.yaml");
        for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16)) {
            Files.write(file, text.getBytes(charset));
            assertThat(RecipeFiles.recipeTree(file).at("/data/source").asText()).isEqualTo("Größe");
        }
        Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> RecipeFiles.recipeTree(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageEndingWith("save it as UTF-8");
        Files.writeString(file, "data:\n\tsource: x\n");
        assertThatThrownBy(() -> RecipeFiles.recipeTree(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(file + ":2: is indented by a tab, which YAML does not allow; use spaces");
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
        assertThatThrownBy(() -> RecipeFiles.recipeTree(file)).hasMessageEndingWith("fetch it by git lfs pull");
    }

    @Test
    void theKindOfDataIsFoundFromTheSourceOrSaid() {
        String rows = "student: mlp\ndata: {source: a.csv, label_columns: [y]%s}\n";
        assertThat(Recipe.parse(rows.formatted("")).data().kind()).isEqualTo("table");
        assertThat(Recipe.parse(rows.formatted(", text_column: t")).data().kind())
                .isEqualTo("text");
        assertThat(Recipe.parse(rows.formatted(", text_column: t, kind: text")).toYaml())
                .contains("kind: text");
        assertThat(Recipe.parse("student: resnet18\ndata: {source: pictures}\n")
                        .data()
                        .kind())
                .isEqualTo("image");
        assertThatThrownBy(() -> Recipe.parse(rows.formatted(", kind: text")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "data.kind is text, found settings of table data; leave kind out, or set what text data needs, "
                                + "such as text_column for text");
    }
}
