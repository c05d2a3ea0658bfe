package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.data.Split;
import dev.limbeck.io.MissingFile;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Run a model file with its own runtime: TorchScript or, with limbeck-export on the class path, ONNX. It runs on the
 * CPU in its saved precision. {@link #of} does the same with any other foreign model, such as one behind a server. The caller sets what the file does not contain:
 *
 * <pre>{@code
 * FileTeacher.open(Path.of("teacher.pt")).withPreprocessing(preprocessing.toMetadata()).withClassNames(classNames)
 * }</pre>
 *
 * <p>Close it after use.
 */
public final class FileTeacher implements Teacher, AutoCloseable {
    /** Number of rows used to detect the kind of output. */
    private static final int LOOKED_AT = 128;

    private final ModelOrigin origin;
    private final ModelRuntime.Running running;
    private final FileSettings settings;
    private final ClosedFlag closing;

    private FileTeacher(ModelOrigin origin, ModelRuntime.Running running, FileSettings settings, ClosedFlag closing) {
        this.origin = origin;
        this.running = running;
        this.settings = settings;
        this.closing = closing;
    }

    /**
     * Open a file. The metadata keys {@code classes} (a JSON list), {@code image_size}, {@code resize}, {@code mean},
     * {@code std}, {@code layout}, {@code channels} and {@code output} are used.
     *
     * @throws LimbeckException if the file does not exist, or no runtime can open it
     */
    public static FileTeacher open(Path file) {
        return open(file, ModelRole.TEACHER, LoggerFactory.getLogger(FileTeacher.class)::warn);
    }

    /**
     * Open a file for a role, which messages name; warnings go to the log.
     *
     * @throws LimbeckException if the file does not exist, or no runtime can open it
     */
    public static FileTeacher open(Path file, ModelRole role, Consumer<String> log) {
        return open(file, role, log, ModelRuntime::open);
    }

    /** Open a file to read its metadata only, without loading the model where possible. It has no outputs. */
    public static FileTeacher look(Path file) {
        return open(file, ModelRole.TEACHER, LoggerFactory.getLogger(FileTeacher.class)::warn, ModelRuntime::look);
    }

    private static FileTeacher open(
            Path file,
            ModelRole role,
            Consumer<String> log,
            BiFunction<ModelRuntime, Path, ModelRuntime.Running> opened) {
        if (!Files.isRegularFile(file)) throw MissingFile.of("teacher", file);
        ModelRuntime runtime = ModelRuntimes.require(file);
        ModelOrigin origin =
                new ModelOrigin(file.toString(), String.valueOf(file.getFileName()), ModelFiles.sha256(file), true);
        return of(origin, opened.apply(runtime, file), role, log);
    }

    /**
     * Use an open model. The teacher closes it, also if it throws.
     *
     * @throws LimbeckException if what the model says of itself is malformed
     */
    public static FileTeacher of(
            ModelOrigin origin, ModelRuntime.Running running, ModelRole role, Consumer<String> log) {
        String place = origin.place();
        try {
            FileSettings settings = FileSettings.of(place, running.facts(), role, log);
            List<String> outputs = running.facts().outputs();
            if (outputs.size() > 1) {
                log.accept(place + " has the outputs " + String.join(", ", outputs) + "; the first of these is used");
            }
            return new FileTeacher(origin, running, settings, new ClosedFlag("model " + origin.name()));
        } catch (LimbeckException e) {
            running.close();
            String message = String.valueOf(e.getMessage());
            throw new LimbeckException(
                    message.startsWith(place) ? message : place + " has invalid settings: " + message, e);
        } catch (RuntimeException e) {
            running.close();
            throw e;
        }
    }

    private FileTeacher with(FileSettings other) {
        return new FileTeacher(origin, running, other, closing);
    }

    /** Return a copy with class names in the order of its outputs. */
    public FileTeacher withClassNames(List<String> names) {
        return with(settings.withClassNames(names));
    }

    /** Return the same teacher with inputs prepared otherwise; what is not said stays. */
    public FileTeacher withPreprocessing(Map<String, String> other) {
        return with(settings.withPreprocessing(other));
    }

    /** Return a copy with the task that it has for rows, see {@link #task(Task)}. */
    public FileTeacher withTaskFor(Task rows) {
        return with(settings.withTask(task(rows).kind()));
    }

    /** Return a copy with a given kind of output. Otherwise it is detected from outputs for rows across the data. */
    public FileTeacher withOutput(@Nullable TeacherOutput what) {
        return with(settings.withOutput(what));
    }

    @Override
    public String name() {
        return origin.name();
    }

    @Override
    public List<String> classNames() {
        return settings.classNames();
    }

    @Override
    public int classes() {
        return settings.classNames().size();
    }

    /** Return the kind of task in its metadata, or else of its set output; single-label classification if neither says it. */
    public Task.Kind task() {
        return settings.taskOrOutput();
    }

    /** Return whether its metadata or its set output says the task; if not, {@link #task()} assumes one class per row. */
    public boolean knowsTask() {
        return settings.task() != null
                || settings.output() == TeacherOutput.NUMBERS
                || settings.output() == TeacherOutput.EMBEDDING;
    }

    /** {@inheritDoc} A file without a task has the student's. Numbers of a regression are in the targets' units. */
    @Override
    public Task task(Task student) {
        Task.Kind kind = knowsTask() ? task() : student.kind();
        List<String> names = classNames().isEmpty() ? student.names() : classNames();
        return Task.of(kind, names);
    }

    /** Return how its inputs are prepared, as far as it is known: keys of {@link Preprocessing#toMetadata}. */
    public Map<String, String> preprocessing() {
        return settings.preprocessing();
    }

    /** Return the kind of its output, if it was set, is said by the file, or was found by {@link #knownBy}. */
    public Optional<TeacherOutput> output() {
        return Optional.ofNullable(settings.output());
    }

    /** Return what the file says of itself. */
    public ModelFacts facts() {
        return running.facts();
    }

    /** Return the SHA-256 of all that identifies the model, in hex; see {@link ModelOrigin}. */
    public String sha256() {
        return origin.sha256();
    }

    /**
     * Return a copy with its kind of output detected from some rows, unless it was set. Use many rows: a single row can
     * be ambiguous.
     *
     * @param inputs prepared as the teacher wants them
     * @throws LimbeckException if it is not clear
     */
    public FileTeacher knownBy(Preprocessing how, Inputs inputs) {
        Task.Kind task = task();
        Tensor table = OutputAdapter.table(forward(how, inputs), who(), inputs.rows(), classes(), task);
        return with(settings.withOutput(output(OutputAdapter.finite(table, who()), table.size(1), true, task)));
    }

    /** Detect the kind of output from many rows; may warn if they look like another kind than the one set. */
    private TeacherOutput output(float[] values, long width, boolean doubts, Task.Kind task) {
        int classes = Math.toIntExact(width);
        TeacherOutput found = OutputAdapter.found(values, classes, who(), settings.output(), task);
        if (task == Task.Kind.SINGLE_LABEL
                && doubts
                && settings.output() == TeacherOutput.LOGITS
                && !settings.trusted()) {
            String doubt = OutputAdapter.doubt(values, classes, who());
            if (doubt != null) settings.log().accept(doubt);
        }
        return found;
    }

    private ModelName who() {
        return new ModelName(settings.role(), name());
    }

    /**
     * Compute logits, or numbers in the targets' units, for preprocessed inputs, in the caller's scope.
     *
     * @param how they are prepared
     * @return N×classes
     * @throws LimbeckException if the output is not usable
     * @throws IllegalStateException if the kind of output is unknown, see {@link #withOutput} and {@link #knownBy}
     */
    public Tensor logits(Preprocessing how, Inputs inputs) {
        TeacherOutput output = settings.output();
        if (output == null) throw new IllegalStateException("it is not known what the output of " + name() + " is");
        return OutputAdapter.logits(forward(how, inputs), who(), inputs.rows(), classes(), output, task());
    }

    /** {@inheritDoc} The output is the embedding, unless the file says that it is another. Layers are not visible. */
    @Override
    public FileTeacher embedding(@Nullable String layer) {
        return with(settings.requireEmbedding(who(), layer));
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        closing.check();
        TeacherInput inputs = TeacherInput.of(context, settings.preprocessing(), who());
        try {
            checkInputs(inputs.specs());
            TeacherOutput output = look(context, inputs);
            return new Session(
                    inputs, context.device(), output, context.data().task().kind());
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
    }

    /** Compare what the file says of its inputs with what it is given, in order; other shapes are found by trying. */
    private void checkInputs(List<InputSpec> given) {
        List<InputSpec> wanted = running.facts().inputs();
        boolean fits = wanted.isEmpty() || wanted.size() == given.size();
        for (int i = 0; fits && i < wanted.size(); i++) {
            fits = wanted.get(i).type().isFloatingPoint() == given.get(i).type().isFloatingPoint();
        }
        if (fits) return;
        throw new LimbeckException(who() + " takes " + words(wanted) + ", expected inputs as the data gives them, "
                + words(given) + "; use a file of such inputs");
    }

    private static String words(List<InputSpec> inputs) {
        return inputs.stream().map(InputSpec::toString).collect(Collectors.joining(" and "));
    }

    private final class Session extends LogitsSession {
        private final Preprocessing how;
        private final TeacherOutput output;
        private final Task.Kind task;

        Session(TeacherInput inputs, Device device, TeacherOutput output, Task.Kind task) {
            super(inputs, device, who());
            how = inputs.preprocessing();
            this.output = output;
            this.task = task;
        }

        @Override
        Tensor logits(Inputs given) {
            return OutputAdapter.logits(forward(how, given), who(), given.rows(), classes(), output, task);
        }

        @Override
        TeacherFacts facts(List<InputSpec> specs, Preprocessing seen) {
            String identity = origin.sha256() + " " + seen.identity() + " " + seen.layout() + " " + output.used()
                    + (task == Task.Kind.SINGLE_LABEL ? "" : " " + task.key());
            return new TeacherFacts(
                    output.knowledge(),
                    output.words(),
                    Precision.FP32,
                    specs,
                    seen,
                    () -> origin.lasting() ? identity : "");
        }
    }

    /**
     * Detect the kind of output from rows across a split.
     *
     * @throws LimbeckException if the kind is ambiguous, or the outputs depend on the batch size
     */
    private TeacherOutput look(TeacherContext context, TeacherInput inputs) {
        Data data = context.data();
        Task.Kind task = data.task().kind();
        Preprocessing how = inputs.preprocessing();
        Split split = data.has(Split.VALID) ? Split.VALID : Split.TRAIN;
        float[] seen = new float[0];
        int width = 1;
        try (DataLoader batches = data.sample(split, LOOKED_AT)) {
            for (int rows = 0; rows < LOOKED_AT; ) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    Inputs given = inputs.of(batch);
                    Tensor output = OutputAdapter.table(forward(how, given), who(), batch.size(), classes(), task);
                    float[] values = OutputAdapter.finite(output, who());
                    if (rows == 0) {
                        int few = (batch.size() + 1) / 2;
                        Inputs fewer = given.map(input -> input.narrow(0, 0, few));
                        Tensor again = OutputAdapter.table(forward(how, fewer), who(), few, classes(), task);
                        OutputAdapter.requireSteady(values, Tensors.toFloats(again), who());
                    }
                    width = Math.toIntExact(output.size(1));
                    int from = seen.length;
                    seen = Arrays.copyOf(seen, from + values.length);
                    System.arraycopy(values, 0, seen, from, values.length);
                    rows += batch.size();
                }
            }
        }
        // A teacher reports it after all validation rows.
        boolean said = settings.role() == ModelRole.TEACHER && split == Split.VALID || context.trial() != null;
        return output(seen, width, !said, task);
    }

    private Tensor forward(Preprocessing how, Inputs inputs) {
        closing.check();
        Inputs given = inputs.map(input -> input.cpu().contiguous());
        try {
            return running.forward(given);
        } catch (AnswerException e) {
            throw e;
        } catch (RuntimeException e) {
            String found = remedy(how, given.rows());
            String shapes = given.tensors().values().stream()
                    .map(input -> Tensors.shapeText(input.shape()))
                    .collect(Collectors.joining(", "));
            boolean one = given.names().size() == 1;
            throw new LimbeckException(
                    who() + " must take " + (one ? "one float32 tensor " : "tensors ") + shapes
                            + " and return one, rows×classes, for any number of rows; found: "
                            + (found != null ? found : Engine.firstLine(e)),
                    e);
        }
    }

    /** Say which other inputs the model takes; null if none is found. */
    private @Nullable String remedy(Preprocessing how, int rows) {
        if (how.equals(Preprocessing.none())) return null;
        Modality.Remedy found = Modalities.byKind(how.kind()).remedy(how, rows, this::takes);
        if (found == null || found.setting().isEmpty()) return found == null ? null : found.words();
        return found.words() + "; set it: " + settings.role().option(found);
    }

    private boolean takes(Inputs inputs) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor output = running.forward(inputs);
            return output.dim() >= 1 && output.size(0) == inputs.rows();
        } catch (AnswerException e) {
            throw e;
        } catch (RuntimeException e) {
            return false; // the question was whether it fails
        }
    }

    @Override
    public void close() {
        if (closing.close()) running.close();
    }
}
