package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.EpochTable;
import dev.limbeck.train.Fit;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Metric;
import dev.limbeck.train.RunDirectory;
import dev.limbeck.train.Validation;
import dev.limbeck.zoo.Architecture;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Train a network as the options say and leave a run directory: what train and distill share. */
final class TrainingRun {
    private final LimbeckCommand command;
    private final String name;
    private final DataOptions dataOptions;
    private final TrainingOptions options;
    private final EngineOptions engine;

    TrainingRun(
            LimbeckCommand command,
            String name,
            DataOptions dataOptions,
            TrainingOptions options,
            EngineOptions engine) {
        this.command = command;
        this.name = name;
        this.dataOptions = dataOptions;
        this.options = options;
        this.engine = engine;
    }

    /**
     * Run it.
     *
     * @param more callbacks of the command, such as distillation
     * @param facts what the record shows besides
     * @return the record that run.json holds
     */
    Map<String, Object> run(Architecture architecture, ImageData data, List<Callback> more, Map<String, Object> facts) {
        try (RunDirectory directory = RunDirectory.create(options.out, options.overwrite)) {
            Thread hook = new Thread(() -> {
                if (directory.leavesCheckpoint()) {
                    command.tell("interrupted; the last finished epoch is kept in " + directory.checkpoint());
                } else {
                    directory.close();
                }
            });
            Runtime.getRuntime().addShutdownHook(hook);
            try (Learner learner = Learner.builder(data, architecture)
                    .seed(options.seed)
                    .device(engine.device)
                    .optimizer(options.optimizer())
                    .metrics(metrics(data))
                    .build()) {
                return train(learner, data, directory, more, facts);
            } catch (LimbeckException e) {
                if (!directory.leavesCheckpoint()) throw e;
                throw new LimbeckException(
                        e.getMessage() + "; the last finished epoch is kept in " + directory.checkpoint(), e);
            } finally {
                remove(hook);
            }
        }
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The machine is shutting down already, and the hook is at work.
        }
    }

    private Map<String, Object> train(
            Learner learner, ImageData data, RunDirectory directory, List<Callback> more, Map<String, Object> facts) {
        Instant start = Instant.now();
        List<Callback> callbacks = new ArrayList<>(options.callbacks());
        callbacks.addAll(more);
        callbacks.add(new EpochTable(command::tell));
        callbacks.add(new Checkpoint(directory.checkpoint()));
        AtomicReference<@Nullable String> stopReason = new AtomicReference<>();
        callbacks.add(new Callback() {
            @Override
            public void afterFit(Fit fit) {
                stopReason.set(fit.stopReason());
            }
        });
        if (command.terminal().interactive()) callbacks.add(new ProgressBars(command.terminal()));
        Callback[] all = callbacks.toArray(Callback[]::new);
        List<EpochRecord> epochs = options.oneCycle()
                ? learner.fitOneCycle(options.epochs, options.rate, all)
                : learner.fit(options.epochs, options.rate, all);

        Map<String, Object> runRecord = new LinkedHashMap<>();
        runRecord.put("limbeck", Version.number());
        runRecord.put("command", name);
        runRecord.put("started", start.toString());
        runRecord.put("finished", Instant.now().toString());
        runRecord.put("engine", engineFacts());
        Map<String, Object> described = new LinkedHashMap<>(data.describe());
        described.put("label_regex", dataOptions.labelRegex);
        described.put("fingerprint", data.fingerprint());
        runRecord.put("data", described);
        Map<String, Object> training = new LinkedHashMap<>(learner.describe());
        training.put("epochs", options.epochs);
        training.put("lr", options.rate);
        training.put("schedule", options.schedule);
        training.put("clip", options.clip);
        training.put("accumulate", options.accumulate);
        training.put("patience", options.patience);
        training.put("stopped", stopReason.get());
        runRecord.put("training", training);
        runRecord.putAll(facts);
        runRecord.put("epochs", epochs);
        Map<String, Object> results = new LinkedHashMap<>();
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            if (!data.has(split)) continue;
            Validation validation = learner.validate(split);
            Map<String, Object> result = new LinkedHashMap<>(validation.metrics());
            result.put("loss", validation.loss());
            result.put("rows", data.size(split));
            results.put(split.label(), result);
            command.say("%s: %s".formatted(split.label(), Texts.metrics(validation.metrics())));
        }
        runRecord.put("results", results);
        runRecord.put("model_sha256", learner.model().sha256());
        directory.finish(learner, runRecord);
        command.say("written to " + options.out);
        return runRecord;
    }

    static Metric[] metrics(ImageData data) {
        return data.classNames().size() > 5
                ? new Metric[] {Metric.accuracy(), Metric.topK(5), Metric.macroF1()}
                : new Metric[] {Metric.accuracy(), Metric.macroF1()};
    }

    static Map<String, Object> engineFacts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("libtorch", Engine.version());
        facts.put("java", System.getProperty("java.version"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("cpu_capability", Engine.cpuCapability());
        facts.put("threads", Engine.threads());
        return facts;
    }
}
