package dev.limbeck.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.data.Split;
import dev.limbeck.model.SavedModel;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.CsvLog;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.TrackedRun;
import dev.limbeck.train.Tracking;
import dev.limbeck.train.TrainingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Send one run to MLflow: settings as parameters, an epoch's numbers as metrics whose step is the epoch, files as artifacts. What a
 * server did not take is sent with the next epoch, at most once a minute.
 */
final class MlflowRun implements TrackedRun {
    // Limits of a request, and of texts: MLflow's REST API, "Request Limits". Servers before 2.8 take values of 500
    // characters.
    private static final int MOST_METRICS = 1000;
    private static final int MOST_PARAMETERS = 100;
    private static final int LONGEST_VALUE = 500;

    private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);
    private static final Duration LONGEST_AT_EXIT = Duration.ofSeconds(1);
    private static final String PREFIX = "mlflow: ";
    private static final String FINAL = "final_";
    /** The scheme of artifacts that the server takes and passes on, with no place of their own. */
    private static final String PASSED_ON = "mlflow-artifacts:/";

    /** The stage of a run in MLflow's trash, which no call changes. */
    private static final String DELETED = "deleted";

    private final Server server;
    private final String experiment;
    private final Tracking run;
    private final String note;
    private final TakenNames settingNames = new TakenNames();
    private final TakenNames metricNames = new TakenNames();

    private @Nullable String id;
    private String place = "";
    private String artifacts = "";
    private boolean hasSettings;
    private List<EpochRecord> rows = List.of();
    private int sent;
    private int failures;
    private int calls;
    private @Nullable Long failedAt;
    private boolean warnedOfNames;
    private @Nullable AtExit atExit;

    /** Something to send. */
    @FunctionalInterface
    private interface Sending {
        void send() throws IOException;
    }

    MlflowRun(Server server, String experiment, Tracking run) {
        this.server = server;
        this.experiment = experiment;
        this.run = run;
        note = "mlflow:" + run.target();
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        if (atExit == null) {
            atExit = AtExit.run(this::killed);
            attempt(this::begin);
        }
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        rows = List.copyOf(fit.wholeHistory());
        Long before = failedAt;
        if (before == null || System.nanoTime() - before > PAUSE) attempt(this::sendRows);
    }

    @Override
    public void finished(Path directory) {
        closeAtExit();
        attempt(this::sendRows);
        // A server that does not answer would be waited for again and again.
        if (id != null && failedAt == null) {
            attempt(() -> sendMetrics(results(directory), Math.max(0, rows.size() - 1)));
            attempt(() -> upload(directory));
            attempt(() -> update("FINISHED", Server.LONGEST_CALL));
        }
        logFailures();
    }

    @Override
    public void failed(String reason) {
        closeAtExit();
        if (id == null && rows.isEmpty()) return; // it failed before it began
        attempt(this::sendRows);
        if (id != null && failedAt == null) {
            attempt(() -> server.post(
                    "runs/set-tag",
                    Map.of("run_id", id(), "key", "limbeck.failure", "value", cut(Printable.line(reason)))));
            attempt(() -> update("FAILED", Server.LONGEST_CALL));
        }
        logFailures();
    }

    private void closeAtExit() {
        if (atExit != null) atExit.close();
    }

    /** Tell the server in the short time that a signal leaves. */
    private void killed() {
        if (id == null || failedAt != null) return;
        try {
            update("KILLED", LONGEST_AT_EXIT);
        } catch (IOException e) {
            run.log().accept(PREFIX + server + ": " + e.getMessage() + "; the run there still counts as running");
        }
    }

    /** Send something. A failure is reported once, counted, and ends nothing. */
    private void attempt(Sending sending) {
        calls++;
        try {
            sending.send();
            failedAt = null;
        } catch (IOException | LimbeckException e) {
            failedAt = System.nanoTime();
            if (failures++ == 0) {
                run.log()
                        .accept(PREFIX + server + ": " + LimbeckException.briefly(e)
                                + "; the training goes on, and tries again after a minute and at its end");
            }
        }
    }

    private void logFailures() {
        if (failures == 0) return;
        run.log()
                .accept(PREFIX + failures + " of " + calls + " attempts failed; " + sent + " of " + rows.size()
                        + " epochs are at " + server);
    }

    private String id() {
        if (id == null) throw new IllegalStateException("the run has not begun");
        return id;
    }

    /** Find the run of an interrupted training, or create one; then send the settings. */
    private void begin() throws IOException {
        if (id == null) {
            String known = run.notes().all().get(note);
            if (known == null || !reopened(known)) create();
            run.log().accept(PREFIX + server + "/#/experiments/" + place + "/runs/" + id());
        } else if (failedAt != null) {
            JsonNode found = server.find("runs/get", "run_id", id());
            if (found != null) sent = epochs(found);
        }
        if (!hasSettings) sendSettings();
        hasSettings = true;
    }

    /** Return how many epochs a run has at the server: the last sending may have arrived though its answer did not. */
    private static int epochs(JsonNode found) {
        int epochs = 0;
        for (JsonNode metric : found.path("run").path("data").path("metrics")) {
            boolean isEpoch = !metric.path("key").asText().startsWith(FINAL);
            if (isEpoch) epochs = Math.max(epochs, metric.path("step").asInt() + 1);
        }
        return epochs;
    }

    private boolean reopened(String known) throws IOException {
        JsonNode found = server.find("runs/get", "run_id", known);
        if (found == null) {
            run.log()
                    .accept(PREFIX + "the run " + Printable.line(known)
                            + " of the interrupted training is not there; a new one begins");
            return false;
        }
        if (found.path("run").path("info").path("lifecycle_stage").asText().equals(DELETED)) {
            run.log()
                    .accept(PREFIX + "the run " + Printable.line(known)
                            + " of the interrupted training was deleted; a new one begins");
            return false;
        }
        take(found);
        sent = epochs(found);
        server.post("runs/update", Map.of("run_id", id(), "status", "RUNNING"));
        return true;
    }

    private void create() throws IOException {
        JsonNode there = server.find("experiments/get-by-name", "experiment_name", experiment);
        String experimentId = there == null
                ? server.post("experiments/create", Map.of("name", experiment))
                        .path("experiment_id")
                        .asText()
                : there.path("experiment").path("experiment_id").asText();
        Map<String, Object> wanted = new LinkedHashMap<>();
        wanted.put("experiment_id", experimentId);
        wanted.put("run_name", name());
        wanted.put("start_time", System.currentTimeMillis());
        wanted.put("tags", pairs(tags(), new TakenNames()));
        take(server.post("runs/create", wanted));
        run.notes().put(note, id());
    }

    private String name() {
        Path folder = run.out().toAbsolutePath().normalize().getFileName();
        return run.run().isEmpty() && folder != null ? folder.toString() : run.run();
    }

    private void take(JsonNode answer) throws IOException {
        JsonNode info = answer.path("run").path("info");
        String found = info.path("run_id").asText();
        if (!found.matches("[\\w-]+")) throw new IOException("its answer names no run; check that it is MLflow");
        id = found;
        place = info.path("experiment_id").asText();
        artifacts = info.path("artifact_uri").asText();
    }

    private Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("mlflow.source.name", "limbeck");
        tags.put("mlflow.source.type", "LOCAL");
        tags.put("mlflow.user", System.getProperty("user.name", ""));
        Git.commit().ifPresent(commit -> tags.put("mlflow.source.git.commit", commit));
        run.facts()
                .forEach(
                        (name, text) -> tags.put(name.equals("limbeck") ? "limbeck.version" : "limbeck." + name, text));
        tags.put("limbeck.out", run.out().toAbsolutePath().normalize().toString());
        return tags;
    }

    private void sendSettings() throws IOException {
        List<Map<String, String>> all = pairs(run.settings(), settingNames);
        int refused = 0;
        String reason = "";
        for (int from = 0; from < all.size(); from += MOST_PARAMETERS) {
            List<Map<String, String>> some = all.subList(from, Math.min(all.size(), from + MOST_PARAMETERS));
            try {
                server.post("runs/log-batch", Map.of("run_id", id(), "params", some));
            } catch (Server.Refusal e) {
                // It would refuse them again, and the metrics need no settings.
                refused += some.size();
                reason = String.valueOf(e.getMessage());
            }
        }
        if (refused > 0) {
            run.log()
                    .accept(PREFIX + server + ": " + reason + "; " + refused + " of " + all.size()
                            + " settings are missing there");
        }
        long cut = run.settings().values().stream()
                .filter(value -> value.length() > LONGEST_VALUE)
                .count();
        if (cut > 0 && !hasSettings) {
            run.log()
                    .accept(PREFIX + "cut " + cut + " settings to " + LONGEST_VALUE
                            + " characters, which MLflow takes");
        }
    }

    private static List<Map<String, String>> pairs(Map<String, String> texts, TakenNames names) {
        List<Map<String, String>> pairs = new ArrayList<>();
        names.of(texts.keySet())
                .forEach((name, taken) -> pairs.add(Map.of("key", taken, "value", cut(texts.get(name)))));
        return pairs;
    }

    private static String cut(String text) {
        return text.length() > LONGEST_VALUE ? text.substring(0, LONGEST_VALUE) : text;
    }

    private void sendRows() throws IOException {
        begin();
        while (sent < rows.size()) {
            sendMetrics(CsvLog.values(rows.get(sent)), sent);
            sent++;
        }
    }

    private void sendMetrics(Map<String, Double> values, int step) throws IOException {
        List<Map<String, Object>> metrics = new ArrayList<>();
        long now = System.currentTimeMillis();
        Map<String, String> names = metricNames.of(values.keySet());
        values.forEach((name, value) -> {
            if (!Double.isFinite(value)) return;
            metrics.add(Map.of("key", names.get(name), "value", value, "timestamp", now, "step", step));
        });
        for (int from = 0; from < metrics.size(); from += MOST_METRICS) {
            server.post(
                    "runs/log-batch",
                    Map.of(
                            "run_id",
                            id(),
                            "metrics",
                            metrics.subList(from, Math.min(metrics.size(), from + MOST_METRICS))));
        }
        List<String> changed = values.keySet().stream()
                .filter(name -> !name.equals(names.get(name)))
                .toList();
        if (!changed.isEmpty() && !warnedOfNames) {
            warnedOfNames = true;
            run.log()
                    .accept(PREFIX + "wrote _ for characters that MLflow does not take in names: "
                            + Printable.line(String.join(", ", changed)));
        }
    }

    /** Return the results of the saved model. */
    private static Map<String, Double> results(Path directory) {
        RunRecord.Results results =
                RunRecord.read(directory.resolve(RunDirectory.RECORD_NAME)).results();
        Map<String, Double> values = new LinkedHashMap<>();
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = results.of(split);
            if (result == null) continue;
            String prefix = FINAL + split.label() + "_";
            values.put(prefix + "loss", result.loss());
            result.metrics().forEach((name, value) -> values.put(prefix + name, value));
        }
        return values;
    }

    private void upload(Path directory) throws IOException {
        if (!artifacts.startsWith(PASSED_ON) || artifacts.startsWith(PASSED_ON + "/")) {
            run.log()
                    .accept(PREFIX + "files are not sent, because the server keeps them at " + Printable.line(artifacts)
                            + "; expected one that passes them on (mlflow server --serve-artifacts)");
            return;
        }
        String folder = artifacts.substring(PASSED_ON.length() - 1);
        for (String name : List.of(RunDirectory.RECORD_NAME, RunDirectory.LOG_NAME, SavedModel.FILE_NAME)) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) server.upload(folder + "/" + name, file);
        }
    }

    private void update(String status, Duration longest) throws IOException {
        server.post(
                "runs/update",
                Map.of("run_id", id(), "status", status, "end_time", System.currentTimeMillis()),
                longest);
    }
}
