package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Version;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.distill.CacheWarmup;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.BestEpoch;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.EpochTable;
import dev.limbeck.train.Exchange;
import dev.limbeck.train.Learner;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.train.LrCurve;
import dev.limbeck.train.Metric;
import dev.limbeck.train.TrackedRun;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingDiverged;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/** Run a recipe and write a run directory. */
public final class RecipeRun {
    /** A large teacher takes minutes to compute this number of rows again. */
    private static final long ROWS_WORTH_CACHING = 20_000;

    private final Recipe recipe;
    private final RunContext context;
    private boolean keepPredictions;
    private boolean resumes;
    private boolean resumesIfLeft;
    private boolean elastic;
    private boolean logsData = true;
    private List<Split> evaluatedOn = List.of(Split.VALID, Split.TEST);

    public RecipeRun(Recipe recipe, RunContext context) {
        this.recipe = recipe;
        this.context = context;
    }

    /** Also write the last epoch's logits of the validation and test split, for later comparison. */
    public RecipeRun keepPredictions() {
        keepPredictions = true;
        return this;
    }

    /** Continue an interrupted run of this recipe after its last finished epoch. Data and teacher must be unchanged. */
    public RecipeRun resume() {
        resumes = true;
        return this;
    }

    /** Continue as {@link #resume} does if there is a checkpoint of an interrupted run, else start a new run. */
    public RecipeRun autoResume() {
        resumesIfLeft = true;
        return this;
    }

    /**
     * Resume also a run of another number of processes. Each step then takes the same batches, and each process more or fewer
     * of them; dropout and rounding differ.
     */
    public RecipeRun elastic() {
        elastic = true;
        return this;
    }

    /** Log nothing about the data, because the caller did. */
    public RecipeRun quietOnData() {
        logsData = false;
        return this;
    }

    /** Evaluate on the validation split only. This keeps the test split unseen when the caller selects between runs. */
    public RecipeRun withoutTest() {
        evaluatedOn = List.of(Split.VALID);
        return this;
    }

    /**
     * Open teacher and data, train, evaluate, and write the run directory.
     *
     * @param out target directory; written atomically
     * @param overwrite whether to replace an existing run
     * @return the record written to run.json
     */
    public RunRecord run(Path out, boolean overwrite) {
        recipe.requireStudent();
        if (!context.exchange().writes()) return runBeside(overwrite);
        if (resumes) ResumePoint.at(out).check(recipe);
        else RunDirectory.check(out, overwrite);
        try (LoadedTeacher teacher = teacher();
                Data data = open(teacher)) {
            return run(out, overwrite, data, teacher);
        }
    }

    /** Train as one of the processes that write nothing: into a folder that is removed. */
    private RunRecord runBeside(boolean overwrite) {
        Path folder = TemporaryFolder.create();
        try (LoadedTeacher teacher = teacher();
                Data data = open(teacher)) {
            return run(folder.resolve("run"), overwrite, data, teacher);
        } finally {
            FileUtils.deleteQuietly(folder.toFile());
        }
    }

    private Optional<ResumePoint> resumePoint(Path out) {
        if (resumes) return Optional.of(ResumePoint.at(out));
        return resumesIfLeft ? ResumePoint.ifLeft(out) : Optional.empty();
    }

    /** Train with data and a teacher that the caller opened as this recipe describes. */
    public RunRecord run(Path out, boolean overwrite, Data data, @Nullable LoadedTeacher teacher) {
        Exchange exchange = context.exchange();
        Map<String, String> facts =
                ResumePoint.facts(recipe, data, teacher == null ? "" : teacher.identity(), exchange.size());
        String initial = recipe.startSha256(context);
        facts.forEach(exchange::agree);
        exchange.agree(ResumePoint.START, initial); // also where a process has no such file
        if (!initial.isEmpty()) facts.put(ResumePoint.START, initial);
        Path checkpoint = exchange.writes()
                ? resumePoint(out)
                        .map(point -> point.checkpointOf(recipe, facts, elastic, context.log()))
                        .orElse(null)
                : null;
        String howToResume = resumesIfLeft ? "the same command continues from there" : "continue with --resume";
        try (RunDirectory directory =
                        checkpoint == null ? RunDirectory.create(out, overwrite) : RunDirectory.reopen(out, overwrite);
                ShutdownHook exit = new ShutdownHook(directory, howToResume, context.log());
                SharedCheckpoint shared = SharedCheckpoint.of(checkpoint, exchange);
                Learner learner = learner(data, teacher);
                AlsoStudents also = new AlsoStudents(recipe, data, teacher, context);
                KnowledgeDistillation distillation = distillation(data, teacher, also.learners());
                BestEpoch best = new BestEpoch()) {
            List<TrackedRun> tracked = exchange.writes()
                    ? context.follow(
                            out,
                            directory.file(RunDirectory.LOG_NAME),
                            RecipeFiles.flat(recipe.toTree()),
                            trackedFacts(data, teacher))
                    : List.of();
            try {
                if (shared.file() != null) learner.resume(shared.file());
                Instant start = Instant.now();
                StopReasons stopped = new StopReasons();
                List<Callback> callbacks = new ArrayList<>();
                recipe.mixing().ifPresent(callbacks::add);
                if (distillation != null) callbacks.add(distillation);
                if (distillation != null && dividesOutputs()) {
                    callbacks.add(new CacheWarmup(distillation, context.prepare()::prepared));
                }
                if (logsData) callbacks.add(new DataLines(context, data));
                callbacks.add(new EpochTable(context.log()));
                callbacks.addAll(tracked);
                callbacks.add(new Checkpoint(directory.checkpoint(), facts));
                callbacks.add(stopped);
                callbacks.addAll(context.watchers().get());
                if (hasLabels(data, Split.VALID)) callbacks.add(best);
                List<EpochRecord> epochs = fit(learner, callbacks);
                Instant finished = Instant.now();
                FinalEvaluation evaluation =
                        FinalEvaluation.of(learner, best, recipe.training().keepsBest(), evaluatedOn, context.log());
                if (keepPredictions)
                    PredictionFile.write(evaluation.lastPredictions(), directory.file(PredictionFile.NAME));
                Map<String, Map<String, Map<String, Double>>> others = also.finish(directory, evaluatedOn);
                RunRecord made = directory.finish(
                        learner,
                        new RunRecord(
                                Version.number(),
                                start.toString(),
                                finished.toString(),
                                recipe.toTree(),
                                RunRecord.Engine.here(),
                                RunRecord.data(data),
                                RunRecord.training(learner, initial, epochs, stopped.text()),
                                distillation == null || teacher == null ? null : teacher.described(distillation),
                                epochs,
                                evaluation.results(),
                                others,
                                learner.model().sha256(),
                                null));
                tracked.forEach(one -> one.finished(out));
                return made;
            } catch (TrainingDiverged e) {
                markFailed(tracked, e);
                throw e; // a resume would diverge again
            } catch (RuntimeException | Error e) {
                markFailed(tracked, e);
                if (!(e instanceof LimbeckException) || !directory.leavesCheckpoint()) throw e;
                throw new LimbeckException(e.getMessage() + "; " + ShutdownHook.kept(directory, howToResume), e);
            }
        }
    }

    private List<EpochRecord> fit(Learner learner, List<Callback> callbacks) {
        PruneRecipe prune = recipe.prune();
        TrainingRecipe training = recipe.training();
        if (prune == null) return training.fit(learner, recipe.pretrained(), training.epochs(), callbacks);
        return prune.fit(
                learner,
                recipe.architecture(),
                training.epochs(),
                epochs -> training.fit(learner, null, epochs, callbacks),
                context.log());
    }

    private static void markFailed(List<TrackedRun> tracked, Throwable e) {
        tracked.forEach(one -> one.failed(LimbeckException.briefly(e)));
    }

    /** Return what trackers learn of data, teacher and program. */
    private Map<String, String> trackedFacts(Data data, @Nullable LoadedTeacher teacher) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("limbeck", Version.number());
        facts.put("student", recipe.student());
        if (recipe.init() != null) facts.put("start", recipe.start());
        facts.put("data", data.summary());
        facts.put("data_fingerprint", data.fingerprint());
        TeacherRecipe named = recipe.teacher();
        if (teacher != null && named != null) {
            facts.put("teacher", named.model());
            facts.put("teacher_identity", teacher.identity());
        }
        return facts;
    }

    /** Return whether several processes fill a folder of cached outputs: otherwise each would compute all of them. */
    private boolean dividesOutputs() {
        TeacherRecipe teacher = recipe.teacher();
        return context.exchange().size() > 1
                && teacher != null
                && !teacher.cacheFolders().isEmpty();
    }

    private @Nullable KnowledgeDistillation distillation(
            Data data, @Nullable LoadedTeacher teacher, List<Learner> also) {
        if (recipe.training().keepsBest() && !hasLabels(data, Split.VALID)) {
            throw new LimbeckException("keep: best needs a validation split with labels; keep the last epoch");
        }
        if (teacher == null) logUnlabeled(data);
        else if (logsData) adviseCache(data);
        DistillationRecipe how = recipe.distillation();
        if (teacher == null || how == null) return null;
        return how.builder(teacher.teacher())
                .log(context.log())
                .also(also.toArray(Learner[]::new))
                .build();
    }

    /** Advise to cache the teacher's outputs where it would compute the same ones for many rows again. */
    private void adviseCache(Data data) {
        int views = recipe.shown(data).views().length;
        int epochs = recipe.training().epochs();
        int rows = data.size(Split.TRAIN);
        if (recipe.teacher().cache() != null || views == 0) return;
        if ((long) rows * (epochs - views) < ROWS_WORTH_CACHING) return;
        context.log()
                .accept(String.format(
                        Locale.ROOT,
                        "the teacher computes the same %,d rows in %d epochs; to compute them once, add --cache-teacher "
                                + "DIR",
                        rows,
                        epochs));
    }

    Learner learner(Data data, @Nullable LoadedTeacher teacher) {
        LearnerBuilder builder = Learner.builder(data, recipe.architecture())
                .seed(recipe.training().seed())
                .device(context.device())
                .exchange(context.exchange())
                .precision(recipe.training().precision())
                .optimizer(recipe.training().makeOptimizer())
                .loss(recipe.training().taskLoss(data))
                .metrics(Metric.of(data.task()).toArray(Metric[]::new))
                .log(context.log());
        PretrainedRecipe pretrained = recipe.pretrained();
        if (pretrained != null)
            return pretrained.into(builder, context.download()).build();
        InitRecipe init = recipe.init();
        if (init != null) return init.build(builder, teacher, context.log());
        return StudentFile.of(recipe.student())
                .map(file -> file.into(builder))
                .orElse(builder)
                .build();
    }

    /**
     * Search for a learning rate from 1e-6 to 1 for this recipe. Nothing is written.
     *
     * @param steps maximum number of steps
     */
    public LrCurve lrFind(int steps) {
        try (LoadedTeacher teacher = teacher();
                Data data = open(teacher);
                Learner learner = learner(data, teacher)) {
            DistillationRecipe how = recipe.distillation();
            List<Callback> more = recipe.training().stepCallbacks();
            recipe.mixing().ifPresent(more::add);
            if (teacher != null && how != null) more.add(how.with(teacher.teacher()));
            LrCurve curve = learner.lrFind(steps, more.toArray(Callback[]::new));
            context.logData(data);
            return curve;
        }
    }

    private @Nullable LoadedTeacher teacher() {
        TeacherRecipe named = recipe.teacher();
        LoadedTeacher opened = named == null ? null : named.open(context.log());
        if (opened == null || !recipe.embeds()) return opened;
        try {
            // Before the images are read, which takes long.
            opened.teacher().embedding(null);
            return opened;
        } catch (LimbeckException e) {
            opened.close();
            throw e;
        }
    }

    Data open(@Nullable LoadedTeacher teacher) {
        recipe.checkStart(teacher, context);
        Map<String, String> ofTeacher = teacher == null ? Map.of() : teacher.preprocessing();
        Data data = recipe.open(recipe.training().seed(), ofTeacher, context);
        if (teacher == null) return data;
        try {
            teacher.requireFor(data);
            return data;
        } catch (LimbeckException e) {
            data.close();
            throw e;
        }
    }

    private static boolean hasLabels(Data data, Split split) {
        return data.has(split) && data.targets(split).known() > 0;
    }

    private void logUnlabeled(Data data) {
        Targets targets = data.targets(Split.TRAIN);
        int without = targets.size() - targets.known();
        if (without == targets.size()) {
            throw new LimbeckException("no training row has a label, found " + without
                    + " without one; name a teacher, or " + "correct the labels");
        }
        if (without > 0) {
            context.log()
                    .accept(without + " of " + targets.size()
                            + " training rows have no label; only "
                            + (recipe.training().meanTeacher() == null ? "a teacher" : "the moving average")
                            + " can teach them");
        }
    }

    /** Log lines about the data when the first epoch begins, after all checks have passed. */
    private static final class DataLines implements Callback {
        private final RunContext context;
        private final Data data;
        private boolean done;

        DataLines(RunContext context, Data data) {
            this.context = context;
            this.data = data;
        }

        @Override
        public void beforeEpoch(TrainingContext fit) {
            if (!done) context.logData(data);
            done = true;
        }
    }
}
