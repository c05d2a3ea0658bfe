package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.io.MissingFile;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Run a model file with its own runtime: TorchScript or, with limbeck-export on the class path, ONNX. It runs on the
 * CPU in its saved precision. The caller sets what the file does not contain:
 *
 * <pre>{@code
 * FileTeacher.open(Path.of("teacher.pt")).seeing(preparation.toMetadata()).named(classNames)
 * }</pre>
 *
 * <p>Close it after use.
 */
public final class FileTeacher implements Teacher, AutoCloseable {
    /** Tolerance between an image in a full batch and in a smaller one, as a share of the largest output. */
    private static final double STEADY = 0.01;

    /** Number of rows used to detect the kind of output. */
    private static final int LOOKED_AT = 128;

    private final Path file;
    private final ModelRuntime.Running running;
    private final String sha256;
    private final FileSettings settings;
    private final ClosedFlag closing;

    private FileTeacher(
            Path file, ModelRuntime.Running running, String sha256, FileSettings settings, ClosedFlag closing) {
        this.file = file;
        this.running = running;
        this.sha256 = sha256;
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
     * Open a file for a given role.
     *
     * @param role role of the model in error messages
     * @param log receives warnings
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
        String sha256 = ModelFiles.sha256(file);
        ModelRuntime.Running running = opened.apply(runtime, file);
        try {
            FileSettings settings = FileSettings.of(file, running.facts(), role, log);
            return new FileTeacher(file, running, sha256, settings, new ClosedFlag("model " + file.getFileName()));
        } catch (LimbeckException e) {
            running.close();
            String message = String.valueOf(e.getMessage());
            throw new LimbeckException(
                    message.startsWith(file.toString()) ? message : file + " has invalid settings: " + message, e);
        } catch (RuntimeException e) {
            running.close();
            throw e;
        }
    }

    private FileTeacher with(FileSettings other) {
        return new FileTeacher(file, running, sha256, other, closing);
    }

    /** Return a copy with class names in the order of its outputs. */
    public FileTeacher withClassNames(List<String> names) {
        return with(settings.named(names));
    }

    /** Return a copy with other preprocessing. Missing keys keep their value. */
    public FileTeacher withPreprocessing(Map<String, String> otherPreparation) {
        return with(settings.seeing(otherPreparation));
    }

    /**
     * Return a copy with another input layout.
     *
     * @param lastChannels whether the input is N×H×W×3 instead of N×3×H×W
     * @param firstBlue whether the channel order is BGR; mean and std are still given in RGB order
     */
    public FileTeacher withLayout(boolean lastChannels, boolean firstBlue) {
        return with(settings.laidOut(lastChannels, firstBlue));
    }

    /** Return a copy with a given kind of output. Otherwise it is detected from outputs for rows across the data. */
    public FileTeacher withOutput(@Nullable TeacherOutput what) {
        return with(settings.giving(what));
    }

    @Override
    public String name() {
        return String.valueOf(file.getFileName());
    }

    @Override
    public List<String> classNames() {
        return settings.classNames();
    }

    @Override
    public int classes() {
        return settings.classNames().size();
    }

    /** Return the preprocessing of its inputs, as far as known. */
    public Map<String, String> preparation() {
        return settings.preparation();
    }

    /** Return the facts stored in the file. */
    public ModelRuntime.Facts facts() {
        return running.facts();
    }

    /** Return whether the input is N×H×W×3. */
    public boolean channelsLast() {
        return settings.channelsLast();
    }

    /** Return whether the channel order is BGR. */
    public boolean blueFirst() {
        return settings.blueFirst();
    }

    /** Return the SHA-256 of all files of the model, in hex; see {@link ModelFiles}. */
    public String sha256() {
        return sha256;
    }

    /**
     * Return a copy with its kind of output detected from some rows, unless it was set. Use many rows: a single row can
     * be ambiguous.
     *
     * @param input N×3×H×W, normalized, RGB
     * @throws LimbeckException if the kind is ambiguous
     */
    public FileTeacher knownBy(Tensor input) {
        Tensor table = OutputAdapter.table(forward(input), who(), input.size(0), classes());
        return with(settings.giving(output(OutputAdapter.finite(table, who()), table.size(1), true)));
    }

    /**
     * Detect the kind of output from the outputs for many rows.
     *
     * @param doubts whether to log a warning if the outputs look like another kind than the one set
     */
    private TeacherOutput output(float[] values, long width, boolean doubts) {
        int classes = Math.toIntExact(width);
        TeacherOutput found = OutputAdapter.found(values, classes, who(), settings.output());
        if (doubts && settings.output() == TeacherOutput.LOGITS && !settings.trusted()) {
            String doubt = OutputAdapter.doubt(values, classes, who());
            if (doubt != null) settings.log().accept(doubt);
        }
        return found;
    }

    private ModelName who() {
        return new ModelName(settings.role(), name());
    }

    /**
     * Compute logits for preprocessed inputs, in the caller's scope.
     *
     * @param input N×3×H×W, normalized, RGB
     * @return N×classes
     * @throws LimbeckException if the output is not usable
     * @throws IllegalStateException if the kind of output is unknown, see {@link #withOutput} and {@link #knownBy}
     */
    public Tensor logits(Tensor input) {
        TeacherOutput output = settings.output();
        if (output == null) throw new IllegalStateException("unknown kind of output of " + name() + " is");
        return OutputAdapter.logits(forward(input), who(), input.size(0), classes(), output);
    }

    @Override
    public TeacherSession open(Data data, Device device) {
        closing.check();
        TeacherInput inputs = TeacherInput.of(data, settings.preparation(), who(), device);
        try {
            return lesson(inputs, look(data, inputs), device);
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
    }

    private TeacherSession lesson(TeacherInput inputs, TeacherOutput output, Device device) {
        ClosedFlag lessonClosing = new ClosedFlag("the session of " + who());
        return new TeacherSession() {
            @Override
            public Tensor logits(Batch batch) {
                lessonClosing.check();
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor answer = forward(inputs.of(batch));
                    return scope.promote(
                            Tensors.to(OutputAdapter.logits(answer, who(), batch.size(), classes(), output), device));
                }
            }

            @Override
            public OutputKind outputKind() {
                return output.knowledge();
            }

            @Override
            public String output() {
                return output.words();
            }

            @Override
            public boolean probe(@Nullable Probe trial) {
                return inputs.tryOn(trial);
            }

            @Override
            public long[] inputShape(long... student) {
                return inputs.shape();
            }

            /** The file was read once; later changes to it have no effect. */
            @Override
            public String fingerprint() {
                return sha256 + " " + inputs.preparation() + (channelsLast() ? " nhwc " : " nchw ")
                        + (blueFirst() ? "bgr " : "rgb ") + output.used();
            }

            @Override
            public void close() {
                if (lessonClosing.close()) inputs.close();
            }
        };
    }

    /**
     * Detect the kind of output from rows across a split.
     *
     * @throws LimbeckException if the kind is ambiguous, or the outputs depend on the batch size
     */
    private TeacherOutput look(Data data, TeacherInput inputs) {
        Split split = data.has(Split.VALID) ? Split.VALID : Split.TRAIN;
        float[] seen = new float[0];
        int width = 1;
        try (DataLoader batches = data.sample(split, LOOKED_AT)) {
            for (int rows = 0; rows < LOOKED_AT; ) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    Tensor input = inputs.of(batch);
                    Tensor answer = OutputAdapter.table(forward(input), who(), batch.size(), classes());
                    float[] values = OutputAdapter.finite(answer, who());
                    if (rows == 0) {
                        int few = (batch.size() + 1) / 2;
                        Tensor again = OutputAdapter.table(forward(input.narrow(0, 0, few)), who(), few, classes());
                        checkSteady(values, Tensors.toFloats(again));
                    }
                    width = Math.toIntExact(answer.size(1));
                    int from = seen.length;
                    seen = Arrays.copyOf(seen, from + values.length);
                    System.arraycopy(values, 0, seen, from, values.length);
                    rows += batch.size();
                }
            }
        }
        // The caller checks a teacher's outputs again, on all validation rows.
        return output(seen, width, settings.role() != ModelRole.TEACHER || split != Split.VALID);
    }

    private void checkSteady(float[] answer, float[] again) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < again.length; i++) {
            largest = Math.max(largest, Math.abs(answer[i]));
            difference = Math.max(difference, Math.abs(answer[i] - again[i]));
        }
        if (difference <= STEADY * largest) return;
        throw new LimbeckException(String.format(
                Locale.ROOT,
                "%s gives other outputs for the same images in a smaller batch (difference %.2g, largest "
                        + "output %.2g): it is random or in training mode; save it after model.eval()",
                who(),
                difference,
                largest));
    }

    private Tensor forward(Tensor input) {
        closing.check();
        Tensor given = input.cpu();
        if (blueFirst()) given = given.flip(1);
        given = channelsLast() ? given.permute(0, 2, 3, 1).contiguous() : given.contiguous();
        try {
            return running.forward(given);
        } catch (RuntimeException e) {
            String takes = new InputProbe(running, settings.role(), channelsLast()).found(given.shape());
            throw new LimbeckException(
                    who() + " must take one float32 tensor " + Tensors.shapeText(given.shape())
                            + " and return one, rows×classes, for any number of rows; found: "
                            + (takes != null ? takes : Engine.firstLine(e)),
                    e);
        }
    }

    @Override
    public void close() {
        if (closing.close()) running.close();
    }
}
