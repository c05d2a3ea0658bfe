package dev.limbeck.run;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Hold what {@code run.json} says of a run; docs/run-json.md describes every key. The sections {@code data} and {@code
 * distillation} are as the data and the losses describe themselves.
 *
 * @param limbeck version of Limbeck
 * @param started moment in UTC, ISO 8601
 * @param finished the end of training, before the results are judged
 * @param recipe everything that repeats the run
 * @param distillation null after training without a teacher
 * @param epochs a row for each epoch that was trained
 * @param modelSha256 over weights and buffers
 * @param repeatSha256 over this record without times; null in records of older versions
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record RunRecord(
        String limbeck,
        String started,
        String finished,
        ObjectNode recipe,
        Engine engine,
        ObjectNode data,
        Training training,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ObjectNode distillation,
        List<EpochRecord> epochs,
        Results results,
        String modelSha256,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String repeatSha256) {
    private static final String TEACHER_FILE = "teacher_file";
    private static final String TEACHER_SHA256 = "teacher_sha256";
    private static final String TEACHER_IDENTITY = "teacher_identity";
    private static final String FINGERPRINT = "fingerprint";

    /** What a file does not say is empty. */
    public RunRecord {
        limbeck = or(limbeck);
        started = or(started);
        finished = or(finished);
        recipe = or(recipe);
        engine = engine == null ? new Engine("", "", "", "", 0) : engine;
        data = or(data);
        training = training == null ? new Training("", 0, 0, "", "", "", 0, null) : training;
        epochs = epochs == null ? List.of() : List.copyOf(epochs);
        results = results == null ? new Results(null, null, null, null, null) : results;
        modelSha256 = or(modelSha256);
    }

    private static String or(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static ObjectNode or(@Nullable ObjectNode node) {
        return node == null ? JsonNodeFactory.instance.objectNode() : node;
    }

    /**
     * Hold what computed.
     *
     * @param libtorch versions of LibTorch and of its Java binding
     * @param system operating system and kind of processor
     * @param cpuCapability vector instructions of LibTorch's kernels, such as {@code AVX512}
     * @param threads threads one operation may use
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Engine(String libtorch, String java, String system, String cpuCapability, int threads) {
        public Engine {
            libtorch = or(libtorch);
            java = or(java);
            system = or(system);
            cpuCapability = or(cpuCapability);
        }

        /** Describe the engine of this process. */
        public static Engine here() {
            return new Engine(
                    dev.limbeck.tensor.Engine.version(),
                    System.getProperty("java.version"),
                    System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                    dev.limbeck.tensor.Engine.cpuCapability(),
                    dev.limbeck.tensor.Engine.threads());
        }
    }

    /**
     * Hold how the network was trained.
     *
     * @param architecture name in the zoo
     * @param parameters how many parameters the network has
     * @param seed of initial weights and dropout
     * @param steps optimizer steps taken
     * @param stopped why training ended before all its epochs; null if it did not
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Training(
            String architecture,
            long parameters,
            long seed,
            String optimizer,
            String device,
            String precision,
            int steps,
            @Nullable String stopped) {
        public Training {
            architecture = or(architecture);
            optimizer = or(optimizer);
            device = or(device);
            precision = or(precision);
        }
    }

    /**
     * Hold how the model does on the splits there are.
     *
     * @param best of the epoch with the best validation accuracy, if the last one is kept
     * @param last of the last epoch, if the best one is kept
     * @param epoch which epoch that is, of the best one
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Results(
            @Nullable SplitResult valid,
            @Nullable SplitResult test,
            @Nullable Results best,
            @Nullable Results last,
            @Nullable Integer epoch) {
        /** Return how the model does on a split; null if it was not evaluated on it. */
        public @Nullable SplitResult of(Split split) {
            return switch (split) {
                case VALID -> valid;
                case TEST -> test;
                case TRAIN -> null;
            };
        }

        /** Return the accuracy on a split; NaN if there is none. */
        public double accuracy(Split split) {
            SplitResult result = of(split);
            return result == null ? Double.NaN : result.metric("accuracy");
        }

        /** Return the same results as those of one epoch. */
        public Results withEpoch(int epoch) {
            return new Results(valid, test, best, last, epoch);
        }

        /** Return the same results with those of the best epoch beside them. */
        public Results withBest(Results best) {
            return new Results(valid, test, best, last, epoch);
        }

        /** Return the same results with those of the last epoch beside them. */
        public Results withLast(Results last) {
            return new Results(valid, test, best, last, epoch);
        }
    }

    /**
     * Hold how a model does on one split.
     *
     * @param metrics shares by name, such as {@code accuracy}
     * @param loss the task's
     * @param rows how many there are in the split
     */
    public record SplitResult(@JsonAnyGetter @JsonAnySetter Map<String, Double> metrics, double loss, int rows) {
        public SplitResult {
            metrics = metrics == null ? Map.of() : metrics;
        }

        /** Return a metric; NaN if it was not computed. */
        public double metric(String name) {
            Double value = metrics.get(name);
            return value == null ? Double.NaN : value;
        }
    }

    /**
     * Read a run's record. Records of older versions are read with today's names.
     *
     * @throws LimbeckException in one line, if the file cannot be read, is damaged, or is not a run's record
     */
    public static RunRecord read(Path file) {
        return RunJson.read(file, document(file), RunRecord.class);
    }

    /** Read a run's record as a document with today's names. */
    static ObjectNode document(Path file) {
        ObjectNode document = RunJson.read(file);
        RenamedKeys.inRecord(document, file.toString());
        return document;
    }

    /** Read the record beside a model's file, if there is one. */
    public static Optional<RunRecord> beside(Path model) {
        Path file = model.toAbsolutePath().resolveSibling(RunDirectory.RECORD_NAME);
        return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /** Return this record with the hash that equal runs of one command share. */
    RunRecord withRepeatSha256() {
        return new RunRecord(
                limbeck,
                started,
                finished,
                recipe,
                engine,
                data,
                training,
                distillation,
                epochs,
                results,
                modelSha256,
                TimelessRecord.sha256(this));
    }

    /** Describe how a learner was trained. */
    public static Training training(Learner learner, List<EpochRecord> epochs, @Nullable String stopped) {
        return new Training(
                learner.architecture(),
                learner.model().parameterCount(),
                learner.seed(),
                learner.optimizer().toString(),
                learner.device().str().getString(),
                learner.precision().toString(),
                epochs.stream().mapToInt(EpochRecord::steps).sum(),
                stopped);
    }

    /** Add to a description of data what identifies its content. */
    public static ObjectNode data(Map<String, Object> described, String fingerprint) {
        return RunJson.tree(described).put(FINGERPRINT, fingerprint);
    }

    /** Add to a description of a distillation which teacher taught, see {@link #teacherIdentity}. */
    public static ObjectNode distillation(Map<String, Object> described, String file, String sha256, String identity) {
        return RunJson.tree(described)
                .put(TEACHER_FILE, file)
                .put(TEACHER_SHA256, sha256)
                .put(TEACHER_IDENTITY, identity);
    }

    /** Return a SHA-256 over class names, splits and images; empty if it is not known. */
    public String dataFingerprint() {
        return data.path(FINGERPRINT).asText();
    }

    /** Return a SHA-256 over the teacher's weights, or its file; empty if there was no teacher. */
    public String teacherSha256() {
        return distillation == null ? "" : distillation.path(TEACHER_SHA256).asText();
    }

    /** Return a SHA-256 over all that the teacher's outputs depend on; null in records of older versions. */
    public @Nullable String teacherIdentity() {
        if (distillation == null) return "";
        return distillation.has(TEACHER_IDENTITY)
                ? distillation.get(TEACHER_IDENTITY).asText()
                : null;
    }

    /** Return how long the epochs took together. */
    public double seconds() {
        return epochs.stream().mapToDouble(EpochRecord::seconds).sum();
    }

    /** Return the results of the last epoch. */
    public Results lastEpoch() {
        return results.last() == null ? results : results.last();
    }

    /** Return the results of the epoch with the best validation accuracy; null if it is not known. */
    public @Nullable Results bestEpoch() {
        return results.last() == null ? results.best() : results;
    }
}
