package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Version;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.nn.StateDict;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.TimelessRecord;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.BestEpoch;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.EpochTable;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.train.LrCurve;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingDiverged;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Carry out a recipe and leave a run directory. */
public final class RecipeRun {
    private static final double LOWEST_RATE = 1e-6;
    private static final double HIGHEST_RATE = 1;

    private final Recipe recipe;
    private final RunContext context;
    private boolean keepPredictions;
    private boolean resumes;
    private boolean resumesIfLeft;
    private boolean tellsData = true;
    private List<Split> judgedOn = List.of(Split.VALID, Split.TEST);

    public RecipeRun(Recipe recipe, RunContext context) {
        this.recipe = recipe;
        this.context = context;
    }

    /** Leave the logits of the validation and the test split beside the model, for later comparison. */
    public RecipeRun keepPredictions() {
        keepPredictions = true;
        return this;
    }

    /** Go on after the last finished epoch of an interrupted run of this recipe; data and teacher must be as they were. */
    public RecipeRun resume() {
        resumes = true;
        return this;
    }

    /** Go on as {@link #resume} does where an interrupted run has left a checkpoint, and begin anew where none has. */
    public RecipeRun autoResume() {
        resumesIfLeft = true;
        return this;
    }

    /** Say nothing of the data: whoever opened it has done so. */
    public RecipeRun quietOnData() {
        tellsData = false;
        return this;
    }

    /** Judge on the validation split alone, so that the test split stays untouched for whoever chooses between runs. */
    public RecipeRun withoutTest() {
        judgedOn = List.of(Split.VALID);
        return this;
    }

    /**
     * Open teacher and data, train, judge, and write the run directory.
     *
     * @param out where to; made whole or not at all
     * @param overwrite whether an existing run may be replaced
     * @return the record that run.json holds
     */
    public Map<String, Object> run(Path out, boolean overwrite) {
        if (resumes) ResumePoint.at(out).check(recipe);
        else RunDirectory.check(out, overwrite);
        TeacherRecipe named = recipe.teacher();
        if (named == null) return run(out, overwrite, null);
        try (LoadedTeacher by = named.open(context.told())) {
            return run(out, overwrite, by);
        }
    }

    private Map<String, Object> run(Path out, boolean overwrite, @Nullable LoadedTeacher by) {
        try (ImageData data = open(by)) {
            return run(out, overwrite, data, by);
        }
    }

    /** Train on data and by a teacher that are open already, as the recipe would have opened them. */
    public Map<String, Object> run(Path out, boolean overwrite, ImageData data, @Nullable LoadedTeacher by) {
        Map<String, String> facts = facts(data, by);
        Path checkpoint = resumes || (resumesIfLeft && ResumePoint.isLeft(out)) ? checkpoint(out, facts) : null;
        try (RunDirectory directory =
                        checkpoint == null ? RunDirectory.create(out, overwrite) : RunDirectory.reopen(out, overwrite);
                ShutdownHook exit = new ShutdownHook(directory, howToGoOn(), context.told());
                Learner learner = learner(data)) {
            try {
                if (checkpoint != null) learner.resume(checkpoint);
                return train(learner, data, directory, by, new Checkpoint(directory.checkpoint(), facts));
            } catch (TrainingDiverged e) {
                throw e; // going on would lead there again
            } catch (LimbeckException e) {
                if (!directory.leavesCheckpoint()) throw e;
                throw new LimbeckException(e.getMessage() + "; " + ShutdownHook.kept(directory, howToGoOn()), e);
            }
        }
    }

    private Path checkpoint(Path out, Map<String, String> facts) {
        ResumePoint interrupted = ResumePoint.at(out);
        interrupted.check(recipe);
        return interrupted.checkpointOf(facts, context.told());
    }

    private String howToGoOn() {
        return resumesIfLeft ? "the same command goes on from there" : "go on with --resume";
    }

    Learner learner(ImageData data) {
        LearnerBuilder builder = Learner.builder(data, recipe.architecture())
                .seed(recipe.training().seed())
                .device(context.device())
                .precision(recipe.training().precision())
                .optimizer(recipe.training().makeOptimizer())
                .loss(recipe.training().taskLoss(data))
                .metrics(metrics(data))
                .log(context.told());
        PretrainedRecipe pretrained = recipe.pretrained();
        return pretrained == null
                ? builder.build()
                : pretrained.into(builder, context.download()).build();
    }

    /** Look for a learning rate for this recipe, from 1e-6 to 1 in at most so many steps; nothing is written. */
    public LrCurve lrFind(int steps) {
        TeacherRecipe named = recipe.teacher();
        if (named == null) return lrFind(steps, null);
        try (LoadedTeacher by = named.open(context.told())) {
            return lrFind(steps, by);
        }
    }

    private LrCurve lrFind(int steps, @Nullable LoadedTeacher by) {
        try (ImageData data = open(by);
                Learner learner = learner(data)) {
            DistillationRecipe how = recipe.distillation();
            Callback[] more = by != null && how != null ? new Callback[] {how.with(by.teacher())} : new Callback[0];
            LrCurve curve = learner.lrFind(steps, more);
            context.tell(data);
            return curve;
        }
    }

    ImageData open(@Nullable LoadedTeacher by) {
        Map<String, String> preparation = by == null ? Map.of() : by.preparation();
        return recipe.data().open(recipe.training().seed(), recipe.architecture(), preparation, context);
    }

    /** Return what must be the same for an interrupted run to go on. */
    private Map<String, String> facts(ImageData data, @Nullable LoadedTeacher by) {
        return ResumePoint.facts(recipe, data.fingerprint(), by == null ? "" : by.identity());
    }

    private Map<String, Object> train(
            Learner learner,
            ImageData data,
            RunDirectory directory,
            @Nullable LoadedTeacher by,
            Checkpoint checkpoint) {
        Instant start = Instant.now();
        if (by == null) sayUnlabeled(data);
        KnowledgeDistillation distillation = null;
        DistillationRecipe how = recipe.distillation();
        if (by != null && how != null) distillation = how.with(by.teacher(), context.told());
        List<Callback> callbacks = new ArrayList<>();
        if (distillation != null) callbacks.add(distillation);
        if (tellsData) callbacks.add(dataLines(data));
        callbacks.add(new EpochTable(context.told()));
        callbacks.addAll(context.logs(directory.file(RunDirectory.LOG_NAME)));
        callbacks.add(checkpoint);
        AtomicReference<@Nullable String> stopReason = new AtomicReference<>();
        callbacks.add(new Callback() {
            @Override
            public void afterFit(TrainingContext fit) {
                stopReason.set(fit.stopReason());
            }
        });
        callbacks.addAll(context.watchers().get());
        try (BestEpoch best = new BestEpoch()) {
            if (hasLabels(data, Split.VALID)) {
                callbacks.add(best);
            } else if (recipe.training().keepsBest()) {
                throw new LimbeckException("keep: best needs a validation split with labels; keep the last epoch");
            }
            List<EpochRecord> epochs = recipe.training().fit(learner, recipe.pretrained(), callbacks);
            Map<String, Object> runRecord = new LinkedHashMap<>();
            runRecord.put("limbeck", Version.number());
            runRecord.put("started", start.toString());
            runRecord.put("finished", Instant.now().toString());
            runRecord.put("recipe", recipe.toTree());
            runRecord.put("engine", engineFacts());
            Map<String, Object> described = new LinkedHashMap<>(data.describe());
            described.put("fingerprint", data.fingerprint());
            runRecord.put("data", described);
            Map<String, Object> training = new LinkedHashMap<>(learner.describe());
            training.put("steps", epochs.stream().mapToInt(EpochRecord::steps).sum());
            training.put("stopped", stopReason.get());
            runRecord.put("training", training);
            if (distillation != null && by != null) {
                Map<String, Object> facts = new LinkedHashMap<>(distillation.describe());
                facts.put("teacher_file", by.file());
                facts.put("teacher_sha256", by.sha256());
                facts.put("teacher_identity", by.identity());
                runRecord.put("distillation", facts);
            }
            runRecord.put("epochs", epochs);
            runRecord.put("results", results(learner, data, best, directory));
            runRecord.put("model_sha256", learner.model().sha256());
            runRecord.put(TimelessRecord.KEY, TimelessRecord.sha256(runRecord));
            directory.finish(learner, runRecord);
            return runRecord;
        }
    }

    private static boolean hasLabels(ImageData data, Split split) {
        return data.has(split) && IntStream.of(data.labels(split)).anyMatch(label -> label >= 0);
    }

    /** Tell of the data as late as that: what does not fit was refused by then, in one line. */
    private Callback dataLines(ImageData data) {
        return new Callback() {
            private boolean done;

            @Override
            public void beforeEpoch(TrainingContext fit) {
                if (!done) context.tell(data);
                done = true;
            }
        };
    }

    private void sayUnlabeled(ImageData data) {
        int[] labels = data.labels(Split.TRAIN);
        long without = Arrays.stream(labels).filter(label -> label < 0).count();
        if (without > 0) {
            context.told()
                    .accept(without + " of " + labels.length
                            + " training images have no label; without a teacher they teach nothing");
        }
    }

    /** Judge the last epoch and the best one, and leave the learner with the one that is kept. */
    private Map<String, Object> results(Learner learner, ImageData data, BestEpoch best, RunDirectory directory) {
        boolean keepsBest = recipe.training().keepsBest();
        Judged last = judge(learner, data);
        StateDict bestWeights = best.weights();
        if (bestWeights == null) {
            if (keepPredictions) PredictionFile.write(last.predictions, directory.file(PredictionFile.NAME));
            return last.results;
        }
        Judged ofBest;
        try (StateDict lastWeights = learner.model().stateDict()) {
            learner.model().load(bestWeights);
            ofBest = judge(learner, data);
            if (!keepsBest) learner.model().load(lastWeights);
        }
        ofBest.results.put("epoch", best.epoch());
        Judged kept = keepsBest ? ofBest : last;
        if (keepPredictions) PredictionFile.write(kept.predictions, directory.file(PredictionFile.NAME));
        Map<String, Object> results = new LinkedHashMap<>(kept.results);
        results.put(keepsBest ? "last" : "best", (keepsBest ? last : ofBest).results);
        return results;
    }

    private record Judged(Map<String, Object> results, Map<Split, Predictions> predictions) {}

    private Judged judge(Learner learner, ImageData data) {
        Judged judged = new Judged(new LinkedHashMap<>(), new EnumMap<>(Split.class));
        for (Split split : judgedOn) {
            if (!data.has(split)) continue;
            EvaluationResult validation = learner.validate(split);
            Map<String, Object> result = new LinkedHashMap<>(validation.metrics());
            result.put("loss", validation.loss());
            result.put("rows", data.size(split));
            judged.results.put(split.label(), result);
            judged.predictions.put(split, validation.predictions());
        }
        return judged;
    }

    /** Return the metrics that a run is judged by. */
    public static Metric[] metrics(ImageData data) {
        return data.classNames().size() > 5
                ? new Metric[] {Metric.accuracy(), Metric.topK(5), Metric.macroF1()}
                : new Metric[] {Metric.accuracy(), Metric.macroF1()};
    }

    /** Return what computes, for records: versions, system, vector instructions, threads. */
    public static Map<String, Object> engineFacts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("libtorch", Engine.version());
        facts.put("java", System.getProperty("java.version"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("cpu_capability", Engine.cpuCapability());
        facts.put("threads", Engine.threads());
        return facts;
    }
}
