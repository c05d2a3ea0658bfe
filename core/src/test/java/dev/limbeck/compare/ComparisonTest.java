package dev.limbeck.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherCaching;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.RunRecord;
import dev.limbeck.run.TimelessRecord;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Metric;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingDiverged;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {
    @TempDir
    static Path home;

    private static Recipe distilled;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        PicturesForTests.write(home.resolve("pictures"), 12, "cat", "dog", "fish");
        new RecipeRun(recipe(tree -> {}), RunContext.silent()).run(home.resolve("teacher"), false);
        distilled = recipe(tree ->
                tree.putObject("teacher").put("model", home.resolve("teacher").toString()));
    }

    private static Recipe recipe(Consumer<ObjectNode> change) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 6)
                .put("valid_fraction", 0.25);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 2).put("lr", 1e-2);
        change.accept(tree);
        return RecipeFiles.bind(tree, "");
    }

    private static Comparison comparison(String out, int seeds, Map<String, Recipe> recipes, List<String> log) {
        RunContext silent = RunContext.silent();
        return new Comparison(
                recipes,
                seeds,
                0,
                home.resolve(out),
                new RunContext("cpu", null, log::add, silent.download(), silent.prepare(), silent.watchers()));
    }

    private static Map<String, Recipe> named(Object... namesAndRecipes) {
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (int i = 0; i < namesAndRecipes.length; i += 2) {
            recipes.put((String) namesAndRecipes[i], (Recipe) namesAndRecipes[i + 1]);
        }
        return recipes;
    }

    @Test
    void theOtherRunsAreFinishedIfOneDiverges() {
        Recipe bad = recipe(tree -> {
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
            tree.withObject("/distillation")
                    .putArray("losses")
                    .addObject()
                    .put("name", "logit-mse")
                    .put("scale", 1e308);
        });
        List<String> log = new ArrayList<>();
        Comparison comparison = comparison("diverging", 2, named("bad", bad, "distilled", distilled), log);
        assertThatThrownBy(comparison::run)
                .isInstanceOf(TrainingDiverged.class)
                .hasMessageStartingWith(
                        "the loss of 2 runs diverged (bad, seed 0; bad, seed 1), so they cannot be compared");
        assertThat(home.resolve("diverging/distilled/seed-1/run.json")).exists();
        assertThat(log).anyMatch(line -> line.startsWith("bad, seed 1: the loss became "));
    }

    @Test
    void aRunIsNotMixedWithAComparison() {
        assertThatThrownBy(() -> comparison("teacher", 1, named("distilled", distilled), new ArrayList<>())
                        .run())
                .isInstanceOf(LimbeckException.class)
                .hasMessageEndingWith("teacher is a run, whose report would be replaced; choose another --out");
        assertThat(home.resolve("teacher/comparison.json")).doesNotExist();
    }

    @Test
    void pairsTheStudentAloneWithTheDistilledOne() throws IOException {
        List<String> log = new ArrayList<>();
        ComparisonResult result =
                comparison("paired", 2, named("distilled", distilled), log).run();
        assertThat(result.variants()).extracting(ComparisonResult.Variant::name).containsExactly("alone", "distilled");
        assertThat(result.seeds()).containsExactly(0L, 1L);
        assertThat(result.split()).as("there is no test split").isEqualTo("valid");
        assertThat(result.labeled()).isEqualTo(27);
        assertThat(result.steps()).isEqualTo(2 * (27 / 6));
        ComparisonResult.Variant alone = result.variants().get(0);
        ComparisonResult.Variant taught = result.variants().get(1);
        assertThat(alone.difference()).isNull();
        assertThat(alone.gapClosed()).isNull();
        assertThat(taught.difference())
                .isEqualTo(Interval.ofRounded(
                        Interval.roundingOfDifferences(9),
                        Interval.differences(
                                taught.each(ComparisonResult.Run::value), alone.each(ComparisonResult.Run::value))));
        assertThat(taught.verdict()).matches("(helped|hurt|no effect shown): .*points, 95 % interval .*");
        assertThat(result.teachers()).hasSize(1);
        assertThat(taught.change().won().size() - taught.change().lost().size())
                .isEqualTo(Math.round(
                        9 * (taught.runs().get(0).value() - alone.runs().get(0).value())));
        assertThat(alone.change()).isNull();
        Path answers = home.resolve("paired").resolve(result.teachers().get(0).file());
        Path second = home.resolve("second-seed");
        ComparisonResult other = new Comparison(named("distilled", distilled), 1, 1, second, RunContext.silent()).run();
        assertThat(result.teachers().get(0).value())
                .as("each seed has validation images of its own")
                .isCloseTo(
                        (Metric.accuracy().of(PredictionFile.read(answers).get(Split.VALID))
                                        + other.teachers().get(0).value())
                                / 2,
                        within(1e-12));
        Path run = home.resolve("paired").resolve(taught.runs().get(0).directory());
        assertThat(Metric.accuracy()
                        .of(PredictionFile.read(run.resolve(PredictionFile.NAME))
                                .get(Split.VALID)))
                .isEqualTo(taught.runs().get(0).value());
        assertThat(RunJson.read(home.resolve("paired/comparison.json"))
                        .at("/variants/1/difference/mean")
                        .asDouble())
                .isCloseTo(taught.difference().mean(), within(1e-12));
        // The result must equal training without a comparison, though the teacher's outputs are cached.
        RunRecord single = new RecipeRun(distilled, RunContext.silent()).run(home.resolve("single"), false);
        assertThat(RunJson.read(run.resolve("run.json")).get("model_sha256").asText())
                .isEqualTo(single.modelSha256());
    }

    @Test
    void teachersWithCachedOutputsAreEvaluatedInThePrecisionOfTheTraining() {
        for (String precision : List.of("fp32", "bf16")) {
            Recipe cached = recipe(tree -> {
                tree.putObject("teacher")
                        .put("model", home.resolve("teacher").toString())
                        .put("cache", home.resolve("cached-" + precision).toString())
                        .put("cache_as", "float16");
                tree.withObject("/data/augment").put("views", 1);
                tree.withObject("/training").put("precision", precision).put("epochs", 1);
            });
            assertThat(TeacherCaching.of(cached, RunContext.silent()).rows()).isEqualTo(27);
            comparison("in-" + precision, 1, named("distilled", cached), new ArrayList<>())
                    .run();
        }
    }

    @Test
    void featuresCanBeCachedForAComparison() {
        Recipe cached = recipe(tree -> {
            tree.putObject("teacher")
                    .put("model", home.resolve("teacher").toString())
                    .put("cache", home.resolve("cached-features").toString())
                    .put("cache_as", "float16");
            tree.withObject("/data/augment").put("views", 1);
            tree.withObject("/training").put("epochs", 1);
            ArrayNode losses = tree.withObject("/distillation").putArray("losses");
            losses.addObject().put("name", "soft-target");
            losses.addObject().put("name", "attention").putArray("layers").add("layer2");
        });
        assertThat(TeacherCaching.of(cached, RunContext.silent()).costs()).containsOnlyKeys("soft-target");
        comparison("features", 1, named("distilled", cached), new ArrayList<>()).run();
    }

    @Test
    void whatCachingCostsIsSaidForEachLossOfOneName() {
        Map<String, TeacherCaching.Cost> both = cachingCosts(2, 8);
        assertThat(both).containsOnlyKeys("soft-target:T=2", "soft-target:T=8");
        for (int temperature : List.of(2, 8)) {
            assertThat(cachingCosts(temperature))
                    .containsExactly(Map.entry("soft-target", both.get("soft-target:T=" + temperature)));
        }
    }

    private static Map<String, TeacherCaching.Cost> cachingCosts(int... temperatures) {
        Recipe cached = recipe(tree -> {
            tree.putObject("teacher")
                    .put("model", home.resolve("teacher").toString())
                    .put("cache", home.resolve("cached-top").toString())
                    .put("cache_as", "top-2");
            tree.withObject("/data/augment").put("views", 1);
            ArrayNode losses = tree.withObject("/distillation").putArray("losses");
            for (int one : temperatures)
                losses.addObject().put("name", "soft-target").put("temperature", one);
        });
        return TeacherCaching.of(cached, RunContext.silent()).costs();
    }

    /** The value beside them is of the last epoch. */
    @Test
    void whatIsJudgedIsTheLastEpochIfTheBestIsKept() {
        Recipe keeps = recipe(tree -> {
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
            tree.withObject("/training").put("keep", "best").put("lr", 0.3);
        });
        ComparisonResult result =
                comparison("best", 2, named("keeps", keeps), new ArrayList<>()).run();
        for (ComparisonResult.Run run : result.variants().get(1).runs()) {
            Path file = home.resolve("best").resolve(run.directory()).resolve(PredictionFile.NAME);
            assertThat(Metric.accuracy().of(PredictionFile.read(file).get(Split.VALID)))
                    .isEqualTo(run.value());
        }
    }

    @Test
    void aTeacherIsJudgedOnceForEachMatchingOfItsClasses() {
        Recipe turned = recipe(tree -> {
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
            ObjectNode classes = tree.withObject("/distillation/classes");
            List<String> names = List.of("cat", "dog", "fish");
            for (int i = 0; i < names.size(); i++) {
                classes.putArray(names.get(i)).add(names.get((i + 1) % names.size()));
            }
        });
        ComparisonResult result = comparison(
                        "matched", 1, named("distilled", distilled, "turned", turned), new ArrayList<>())
                .run();
        assertThat(result.teachers()).hasSize(2);
        assertThat(result.teachers().get(0).sha256())
                .isEqualTo(result.teachers().get(1).sha256());
        assertThat(result.teachers().get(0).file())
                .isNotEqualTo(result.teachers().get(1).file());
        assertThat(result.variants().get(1).teacher()).isZero();
        assertThat(result.variants().get(2).teacher()).isOne();
    }

    @Test
    void equalRecipesMakeEqualStudents() {
        Recipe plain = recipe(tree -> {});
        ComparisonResult result = comparison("equal", 2, named("one", plain, "two", plain), new ArrayList<>())
                .run();
        assertThat(result.variants().get(1).difference().mean()).isZero();
        assertThat(result.variants().get(1).difference().spread())
                .as("equal by chance, as far as nine rows can tell")
                .isEqualTo(Interval.roundingOfDifferences(9));
        assertThat(result.variants().get(1).verdict()).startsWith("no effect shown: +0.0 points");
    }

    @Test
    void goesOnWhereItWas() throws IOException {
        List<String> log = new ArrayList<>();
        ComparisonResult first =
                comparison("resumed", 2, named("distilled", distilled), log).run();
        FileUtils.deleteDirectory(home.resolve("resumed/distilled/seed-1").toFile());
        Files.createDirectories(home.resolve("resumed/distilled/seed-1.unfinished"));
        log.clear();
        ComparisonResult again =
                comparison("resumed", 2, named("distilled", distilled), log).run();
        assertThat(log)
                .filteredOn(line -> line.contains("seed"))
                .containsExactly(
                        "alone, seed 0: already finished",
                        "distilled, seed 0: already finished",
                        "alone, seed 1: already finished",
                        "distilled, seed 1");
        assertThat(again.variants().get(1).each(ComparisonResult.Run::value))
                .isEqualTo(first.variants().get(1).each(ComparisonResult.Run::value));
        Path record = home.resolve("resumed").resolve(Comparison.RESULT_NAME);
        FileUtils.deleteDirectory(home.resolve("resumed/teachers").toFile());
        Files.delete(record);
        Files.createDirectory(record);
        assertThatThrownBy(() -> comparison("resumed", 2, named("distilled", distilled), log)
                        .run())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("is a folder");
        assertThat(home.resolve("resumed/teachers")).doesNotExist();
        Recipe other = recipe(tree -> tree.withObject("/training").put("lr", 2e-2));
        assertThatThrownBy(() -> comparison("resumed", 1, named("alone", other, "x", other), log)
                        .run())
                .isInstanceOf(LimbeckException.class)
                .hasMessage(home.resolve("resumed/alone/seed-0")
                        + " was made with other settings: training.lr is 0.02 against 0.01; choose another --out, or remove"
                        + " that folder");
    }

    @Test
    void aRunThatWasInterruptedGoesOnAfterItsLastEpoch() throws IOException {
        Map<String, Recipe> recipes = named("distilled", distilled);
        comparison("whole", 1, recipes, new ArrayList<>()).run();
        RunContext failing = beforeEpochs(line -> {}, fit -> {
            boolean taught =
                    fit.wholeHistory().size() == 1 && Files.exists(home.resolve("stopped/distilled/seed-0.unfinished"));
            if (taught) throw new LimbeckException("the disk is full");
        });
        assertThatThrownBy(() -> new Comparison(recipes, 1, 0, home.resolve("stopped"), failing).run())
                .hasMessage(
                        "the disk is full; the checkpoint of the last finished epoch is saved, the same command continues from there"
                                + " after epoch 0");
        List<String> log = new ArrayList<>();
        assertThatThrownBy(() -> comparison("stopped", 1, named("distilled", faster(distilled)), log)
                        .run())
                .hasMessageContaining("was made with other settings: training.lr is 0.02 against 0.01");
        FileUtils.deleteDirectory(home.resolve("stopped/alone").toFile());
        assertThatThrownBy(() -> comparison("stopped", 1, named("distilled", faster(distilled)), log)
                        .run())
                .hasMessage("cannot resume " + home.resolve("stopped/distilled/seed-0")
                        + ": training.lr is 0.01 against 0.02; use the original settings, or choose another --out");
        FileUtils.deleteDirectory(home.resolve("stopped/alone").toFile());
        log.clear();
        comparison("stopped", 1, recipes, log).run();
        assertThat(log.subList(log.indexOf("distilled, seed 0"), log.size()))
                .as("one of the two epochs")
                .filteredOn(line -> line.matches(" +[01] .*"))
                .singleElement()
                .asString()
                .startsWith("    1 ");
        assertThat(RunJson.read(home.resolve("stopped/distilled/seed-0/run.json"))
                        .get("model_sha256"))
                .isEqualTo(RunJson.read(home.resolve("whole/distilled/seed-0/run.json"))
                        .get("model_sha256"));
    }

    @Test
    void aRunIsNotReusedAfterItsPretrainedWeightsHaveChanged() throws IOException {
        Path backbone = home.resolve("backbone");
        FileUtils.copyDirectory(home.resolve("teacher").toFile(), backbone.toFile());
        Recipe tuned = recipe(tree -> {
            tree.putObject("pretrained").put("weights", backbone.toString()).put("frozen_epochs", 0);
            tree.withObject("/training").put("epochs", 1);
        });
        Map<String, Recipe> recipes = named("one", tuned, "other", faster(tuned));
        comparison("tuned", 1, recipes, new ArrayList<>()).run();
        List<String> log = new ArrayList<>();
        comparison("tuned", 1, recipes, log).run();
        assertThat(log).contains("one, seed 0: already finished", "other, seed 0: already finished");
        new RecipeRun(recipe(tree -> tree.withObject("/training").put("epochs", 1)), RunContext.silent())
                .run(backbone, true);
        assertThatThrownBy(() -> comparison("tuned", 1, recipes, log).run())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("tuned/one/seed-0 was made with other settings: ")
                .hasMessageContaining("content of the initial weights");
        for (String name : List.of("one", "other")) {
            Path record = home.resolve("tuned/" + name + "/seed-0/run.json");
            ObjectNode old = RunJson.read(record);
            assertThat(old.withObject("/training").remove("weights_sha256")).isNotNull();
            Files.writeString(record, RunJson.sealed(old));
        }
        log.clear();
        comparison("tuned", 1, recipes, log).run();
        assertThat(log)
                .as("records of earlier releases do not know the file")
                .contains("one, seed 0: already finished", "other, seed 0: already finished");
    }

    /** Without augmentation, each image is shown unchanged in every epoch, in different batches. */
    @Test
    void repeatsToTheSameBitsHoweverOftenItWasKilled() throws IOException {
        Map<String, Recipe> recipes = named("half", still(0.5), "most", still(0.9));
        comparison("undisturbed", 2, recipes, new ArrayList<>()).run();
        Map<String, String> expected = bits("undisturbed");
        assertThat(expected).hasSize(2 * 3 * 2);
        for (int attempt = 0; attempt < 2; attempt++) {
            String out = "killed-" + attempt;
            int kills = 0;
            // Interrupt in the middle of a run, between two runs, and again after each.
            while (!tried(recipes, out, attempt + 2)) kills++;
            assertThat(kills).isGreaterThan(2);
            assertThat(bits(out)).isEqualTo(expected);
        }
        for (String name : recipes.keySet()) {
            Path run = home.resolve("undisturbed/" + name + "/seed-1/run.json");
            RunRecord again =
                    new RecipeRun(Recipe.read(run), RunContext.silent()).run(home.resolve("again-" + name), false);
            assertThat(again.modelSha256())
                    .as("the record repeats the run outside of the comparison, %s", name)
                    .isEqualTo(RunJson.read(run).get("model_sha256").asText());
            assertThat(again.repeatSha256())
                    .isEqualTo(RunJson.read(run).get("repeat_sha256").asText());
        }
    }

    private static Recipe still(double weight) {
        return recipe(tree -> {
            tree.withObject("/data").putObject("augment").put("hflip", false);
            tree.withObject("/training").put("epochs", 3).put("ema_decay", 0.9);
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
            tree.putObject("distillation").put("kd_weight", weight);
        });
    }

    /** Return the environment of runs whose epochs are watched. */
    static RunContext beforeEpochs(Consumer<String> log, Consumer<TrainingContext> watch) {
        RunContext silent = RunContext.silent();
        return new RunContext(
                "cpu",
                null,
                log,
                silent.download(),
                silent.prepare(),
                () -> List.of(new Callback() {
                    @Override
                    public void beforeEpoch(TrainingContext fit) {
                        watch.accept(fit);
                    }
                }));
    }

    /** Let a comparison start the given number of epochs; return whether it finished. */
    private static boolean tried(Map<String, Recipe> recipes, String out, int epochs) {
        int[] left = {epochs};
        RunContext failing = beforeEpochs(line -> {}, fit -> {
            if (left[0]-- == 0) throw new IllegalStateException("killed");
        });
        try {
            new Comparison(recipes, 2, 0, home.resolve(out), failing).run();
            return true;
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("killed");
            return false;
        }
    }

    /**
     * Return the results of each run of a comparison by its folder: the model's bytes, and the record without times.
     */
    private static Map<String, String> bits(String out) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        for (String name : List.of("alone", "half", "most")) {
            for (int seed = 0; seed < 2; seed++) {
                Path run = home.resolve(out).resolve(name + "/seed-" + seed);
                bits.put(name + seed + " model", Arrays.toString(Files.readAllBytes(run.resolve("model.safetensors"))));
                bits.put(name + seed + " record", TimelessRecord.sha256(RunJson.read(run.resolve("run.json"))));
            }
        }
        return bits;
    }

    private static Recipe faster(Recipe recipe) {
        ObjectNode tree = recipe.toTree();
        tree.withObject("/training").put("lr", 2e-2);
        return RecipeFiles.bind(tree, "");
    }

    @Test
    void saysWhatStudentsHadInCommonAndWhatNot() {
        Path weights = home.resolve("teacher/model.safetensors");
        Recipe fine = recipe(tree -> {
            tree.putObject("pretrained").put("weights", weights.toString()).put("frozen_epochs", 1);
            tree.withObject("/training").put("epochs", 1);
        });
        ComparisonResult result = comparison(
                        "starts", 1, named("plain", recipe(t -> {}), "fine", fine), new ArrayList<>())
                .run();
        assertThat(result.facts())
                .containsExactly(
                        "Every student: 27 labeled and 0 unlabeled rows, 8 optimizer steps; seed 0; evaluated on the"
                                + " valid split.",
                        "Initial weights differ: plain starts from random weights; fine starts from the pretrained weights of "
                                + weights + ".",
                        "There is no test split: the validation split also selected the best epochs, so their results are optimistic.");
    }

    @Test
    void oneSeedGivesNoInterval() {
        ComparisonResult result = comparison("single-seed", 1, named("distilled", distilled), new ArrayList<>())
                .run();
        assertThat(result.variants().get(1).verdict())
                .startsWith("one seed is not enough: ")
                .endsWith(", without an interval; use more seeds");
    }

    @Test
    void refusesWhatCannotBePaired() {
        Recipe plain = recipe(tree -> {});
        refused(
                "other cannot be paired with plain: training.epochs is 3 against 2; make them equal",
                "other",
                t -> t.withObject("/training").put("epochs", 3));
        refused(
                "other cannot be paired with plain: data.batch_size is 5 against 6; make them equal",
                "other",
                t -> t.withObject("/data").put("batch_size", 5));
        refused(
                "other cannot be paired with plain: student is \"cifar-resnet14\" against \"cifar-resnet8\"; make them equal",
                "other",
                t -> t.put("student", "cifar-resnet14"));
        refused(
                "other stops early, so its steps cannot be paired; leave patience out",
                "other",
                t -> t.withObject("/training").put("patience", 3));
        assertThatThrownBy(() -> comparison("no", 1, named("alone", distilled), new ArrayList<>()))
                .hasMessage("the recipe called alone has a teacher; rename it");
        refused("'../x' is not a valid recipe name; use letters, digits, - and _", "../x", t -> {});
        assertThatThrownBy(() -> comparison("no", 1, named("plain", plain), new ArrayList<>()))
                .hasMessage("a comparison needs a recipe with a teacher, or two recipes");
        assertThatThrownBy(() -> comparison("no", 0, named("d", distilled), new ArrayList<>()))
                .hasMessage("seeds must be at least 1, found 0");
        assertThat(home.resolve("no")).doesNotExist();
    }

    private static void refused(String expected, String name, Consumer<ObjectNode> change) {
        assertThatThrownBy(() ->
                        comparison("no", 1, named("plain", recipe(t -> {}), name, recipe(change)), new ArrayList<>()))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "resnet18@0.5, /models/photos.safetensors, resnet18@0.5",
        "TorchScript, /models/photos.pt, TorchScript photos.pt",
        "ONNX+resnet18, '/models/a.onnx, /models/b', ONNX+resnet18"
    })
    void teachersAreCalledByNetworkOrFile(String architecture, String model, String title) {
        EvaluationReport report = new EvaluationReport(null, null, null, null, List.of(), null, Map.of());
        assertThat(new ComparisonResult.TeacherResult(model, architecture, null, Map.of(), 0.5, report, "", "").title())
                .isEqualTo(title);
    }

    @Test
    void verdictsSayWhatTheIntervalShows() {
        Interval gap = new Interval(5, 0.27, 0.1, 0.2, 0.3);
        assertThat(ComparisonResult.verdict(new Interval(5, 0.028, 0.01, 0.019, 0.036), gap, Metric.accuracy()))
                .isEqualTo("helped: +2.8 points, 95 % interval +1.9 to +3.6, 27 % of the gap (20 to 30)");
        assertThat(ComparisonResult.verdict(new Interval(5, 0.001, 0.01, -0.01, 0.012), gap, Metric.accuracy()))
                .isEqualTo(
                        "no effect shown: +0.1 points, 95 % interval -1.0 to +1.2; a difference this small needs more than "
                                + "100 seeds");
        assertThat(ComparisonResult.verdict(new Interval(3, 0.01, 0.01, -0.015, 0.035), null, Metric.accuracy()))
                .isEqualTo(
                        "no effect shown: +1.0 points, 95 % interval -1.5 to +3.5; a difference this small needs some 10 seeds");
        double nan = Double.NaN;
        for (int seeds : new int[] {1, 5}) {
            assertThat(ComparisonResult.verdict(
                            new Interval(seeds, nan, nan, nan, nan), null, Metric.averagePrecision()))
                    .isEqualTo(
                            "has no verdict: average precision has no value (NaN) on the evaluated rows of a seed; evaluate on"
                                    + " other rows");
        }
        assertThat(ComparisonResult.verdict(new Interval(5, -0.02, 0.01, -0.03, -0.01), null, Metric.accuracy()))
                .isEqualTo("hurt: -2.0 points, 95 % interval -3.0 to -1.0");
    }
}
