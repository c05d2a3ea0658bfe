package dev.limbeck.run;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.io.Checksum;
import dev.limbeck.model.StartingWeights;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hold the contents of {@code run.json}; docs/run-json.md describes every key. The sections {@code data} and {@code
 * distillation} contain the self-descriptions of data and losses.
 *
 * @param limbeck version of Limbeck
 * @param started start time in UTC, ISO 8601
 * @param finished end of training, before the evaluation
 * @param recipe recipe that repeats the run
 * @param distillation distillation settings and teacher; null without a teacher
 * @param epochs one row per trained epoch
 * @param also metrics of further students of this run, by architecture and split
 * @param modelSha256 SHA-256 of weights and buffers
 * @param repeatSha256 SHA-256 of this record without times; null in records of older versions
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
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Map<String, Map<String, Double>>> also,
        String modelSha256,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String repeatSha256) {
    private static final String TEACHER_FILE = "teacher_file";
    private static final String TEACHER_SHA256 = "teacher_sha256";
    private static final String TEACHER_IDENTITY = "teacher_identity";
    private static final String FINGERPRINT = "fingerprint";
    private static final String INPUTS_SHA256 = "inputs_sha256";

    /** Missing keys are read as empty. */
    public RunRecord {
        limbeck = or(limbeck);
        started = or(started);
        finished = or(finished);
        recipe = or(recipe);
        engine = engine == null ? new Engine("", "", "", "", "", 0) : engine;
        data = or(data);
        training = training == null ? new Training("", 0, 0, null, null, "", "", "", 0, null, null) : training;
        epochs = epochs == null ? List.of() : List.copyOf(epochs);
        results = results == null ? new Results(null, null, null, null, null) : results;
        also = also == null ? Map.of() : also;
        modelSha256 = or(modelSha256);
    }

    private static String or(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static ObjectNode or(@Nullable ObjectNode node) {
        return node == null ? JsonNodeFactory.instance.objectNode() : node;
    }

    /**
     * Hold the facts about engine and machine.
     *
     * @param libtorch versions of LibTorch and its Java binding
     * @param system operating system and processor architecture
     * @param processor name of the processor; empty where the system does not give it
     * @param cpuCapability vector instructions of LibTorch's kernels, such as {@code AVX512}
     * @param threads threads per operation
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Engine(
            String libtorch, String java, String system, String processor, String cpuCapability, int threads) {
        public Engine {
            libtorch = or(libtorch);
            java = or(java);
            system = or(system);
            processor = or(processor);
            cpuCapability = or(cpuCapability);
        }

        /** Describe the engine of this process. */
        public static Engine here() {
            return new Engine(
                    dev.limbeck.tensor.Engine.version(),
                    System.getProperty("java.version"),
                    System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                    dev.limbeck.tensor.Engine.processor(),
                    dev.limbeck.tensor.Engine.cpuCapability(),
                    dev.limbeck.tensor.Engine.threads());
        }

        /** Describe the machine in a few words: processor, vector instructions and threads; empty if the processor is unknown. */
        public String machine() {
            if (processor.isEmpty()) return "";
            return Stream.of(processor, cpuCapability, "LibTorch " + libtorch)
                            .filter(word -> !word.isBlank())
                            .collect(Collectors.joining(", "))
                    + ", " + threads + (threads == 1 ? " thread" : " threads");
        }
    }

    /**
     * Hold the facts about the training.
     *
     * @param architecture name in the zoo
     * @param parameters number of the network's parameters
     * @param seed seed of initial weights and dropout
     * @param start weights of another network that it started from, with its head; null for others
     * @param weightsSha256 SHA-256 of the file of pretrained weights that it started from, in hex; null for others, and in records of
     *     older versions
     * @param steps number of optimizer steps
     * @param processes number of processes that trained together; null for one
     * @param stopped reason for an early end; null without one
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Training(
            String architecture,
            long parameters,
            long seed,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            StartingWeights start,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String weightsSha256,

            String optimizer,
            String device,
            String precision,
            int steps,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Integer processes,

            @Nullable String stopped) {
        public Training {
            architecture = or(architecture);
            optimizer = or(optimizer);
            device = or(device);
            precision = or(precision);
        }

        /** Return the SHA-256 of the weights in a file that it started from, in hex; null if unknown, or if there was none. */
        public @Nullable String startSha256() {
            return start == null ? weightsSha256 : start.sha256();
        }
    }

    /**
     * Hold the results per split.
     *
     * @param best results of the epoch with the best validation accuracy, if the last one is saved
     * @param last results of the last epoch, if the best one is saved
     * @param epoch index of the best epoch
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Results(
            @Nullable SplitResult valid,
            @Nullable SplitResult test,
            @Nullable Results best,
            @Nullable Results last,
            @Nullable Integer epoch) {
        /** Return the result on a split; null if it was not evaluated. */
        public @Nullable SplitResult of(Split split) {
            return switch (split) {
                case VALID -> valid;
                case TEST -> test;
                case TRAIN -> null;
            };
        }

        /** Return a metric on a split; NaN if it was not evaluated. */
        public double metric(Split split, String name) {
            SplitResult result = of(split);
            return result == null ? Double.NaN : result.metric(name);
        }

        /** Return a copy labeled with an epoch. */
        public Results withEpoch(int epoch) {
            return new Results(valid, test, best, last, epoch);
        }

        /** Return a copy with the results of the best epoch added. */
        public Results withBest(Results best) {
            return new Results(valid, test, best, last, epoch);
        }

        /** Return a copy with the results of the last epoch added. */
        public Results withLast(Results last) {
            return new Results(valid, test, best, last, epoch);
        }
    }

    /**
     * Hold the result on one split.
     *
     * @param metrics metrics by name, such as {@code accuracy}, in [0, 1]
     * @param loss task loss
     * @param rows number of rows of the split
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
     * Read a run record. Keys of older versions are renamed.
     *
     * @throws LimbeckException with a one-line message, if the file is unreadable, damaged or not a run record
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

    /** Read the record beside a model file, if there is one. */
    public static Optional<RunRecord> beside(Path model) {
        Path file = model.toAbsolutePath().resolveSibling(RunDirectory.RECORD_NAME);
        return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /** Return a copy with the hash that repeated runs share. */
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
                also,
                modelSha256,
                TimelessRecord.sha256(this));
    }

    /**
     * Describe a learner's training.
     *
     * @param startSha256 SHA-256 of the weights in the file that it started from; empty if there is none
     */
    public static Training training(
            Learner learner, String startSha256, List<EpochRecord> epochs, @Nullable String stopped) {
        return new Training(
                learner.architecture(),
                learner.model().parameterCount(),
                learner.seed(),
                learner.start(),
                learner.start() != null || startSha256.isEmpty() ? null : startSha256,
                learner.optimizer().toString(),
                learner.device().str().getString(),
                learner.precision().toString(),
                epochs.stream().mapToInt(EpochRecord::steps).sum(),
                learner.processes() == 1 ? null : learner.processes(),
                stopped);
    }

    /** Describe data, with the fingerprint of its content and the SHA-256 of its {@link #inputsSha256 preparation}. */
    public static ObjectNode data(Data data) {
        return RunJson.tree(data.describe())
                .put(FINGERPRINT, data.fingerprint())
                .put(INPUTS_SHA256, inputsSha256(data.preprocessing()));
    }

    /** Return a SHA-256 of the way that inputs are prepared, such as the vocabulary of a tokenizer's file. */
    public static String inputsSha256(Preprocessing preprocessing) {
        return Checksum.sha256Of(preprocessing.identity());
    }

    /** Add the teacher to a description of a distillation, see {@link #teacherIdentity}. */
    public static ObjectNode distillation(Map<String, Object> described, String file, String sha256, String identity) {
        return RunJson.tree(described)
                .put(TEACHER_FILE, file)
                .put(TEACHER_SHA256, sha256)
                .put(TEACHER_IDENTITY, identity);
    }

    /** Return a SHA-256 of class names, splits and images; empty if unknown. */
    public String dataFingerprint() {
        return data.path(FINGERPRINT).asText();
    }

    /** Return a SHA-256 of the way that inputs were prepared; null in records of older versions. */
    public @Nullable String inputsSha256() {
        return data.has(INPUTS_SHA256) ? data.get(INPUTS_SHA256).asText() : null;
    }

    /** Return a SHA-256 of the teacher's weights or file; empty without a teacher. */
    public String teacherSha256() {
        return distillation == null ? "" : distillation.path(TEACHER_SHA256).asText();
    }

    /** Return a SHA-256 of everything the teacher's outputs depend on; null in records of older versions. */
    public @Nullable String teacherIdentity() {
        if (distillation == null) return "";
        return distillation.has(TEACHER_IDENTITY)
                ? distillation.get(TEACHER_IDENTITY).asText()
                : null;
    }

    /**
     * Describe in a few words what a run was computed on: {@link Engine#machine}, the kind of device and the precision, as far as they are known.
     */
    public String machine() {
        return Stream.of(engine.machine(), training.device().replaceFirst(":.*", ""), training.precision())
                .filter(word -> !word.isBlank())
                .collect(Collectors.joining(", "));
    }

    /** Return the total duration of the epochs in seconds. */
    public double seconds() {
        return epochs.stream().mapToDouble(EpochRecord::seconds).sum();
    }

    /** Return the results of the last epoch. */
    public Results lastEpoch() {
        return results.last() == null ? results : results.last();
    }

    /** Return the results of the epoch with the best validation accuracy; null if unknown. */
    public @Nullable Results bestEpoch() {
        return results.last() == null ? results.best() : results;
    }
}
