package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.MissingFile;
import dev.limbeck.data.Batch;
import dev.limbeck.data.BatchStream;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.Knowledge;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.SavedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Teach with a model in a file that has its own runtime, TorchScript or, with limbeck-export beside, ONNX. It computes on
 * the CPU as it was saved. What the file does not say, the caller does:
 *
 * <pre>{@code
 * FileTeacher.open(Path.of("teacher.pt")).seeing(preparation.toMetadata()).named(classNames)
 * }</pre>
 *
 * <p>Close it.
 */
public final class FileTeacher implements Teacher, AutoCloseable {
    private static final String CLASSES = "classes";
    private static final String OUTPUT = "output";
    private static final String LAYOUT = "layout";
    private static final String CHANNELS = "channels";
    private static final String NCHW = "nchw";
    private static final String NHWC = "nhwc";
    private static final String RGB = "rgb";
    private static final String BGR = "bgr";
    /** What may differ, as a share of the largest output, when an image is asked about beside others. */
    private static final double STEADY = 0.01;

    /** How many rows show what the output is. */
    private static final int LOOKED_AT = 128;

    private static final String INPUT = "input";
    private static final String PIXELS = "pixels";

    private final Path file;
    private final ModelRuntime.Running running;
    private final String sha256;
    private final List<String> classNames;
    private final Map<String, String> preparation;
    private final boolean channelsLast;
    private final boolean blueFirst;
    private final @Nullable TeacherOutput output;
    private final Closing closing;

    private FileTeacher(
            Path file,
            ModelRuntime.Running running,
            String sha256,
            List<String> classNames,
            Map<String, String> preparation,
            boolean channelsLast,
            boolean blueFirst,
            @Nullable TeacherOutput output,
            Closing closing) {
        this.file = file;
        this.running = running;
        this.sha256 = sha256;
        this.classNames = List.copyOf(classNames);
        // In the order in which it is said, which is that in which it is read.
        this.preparation = Collections.unmodifiableMap(new LinkedHashMap<>(preparation));
        this.channelsLast = channelsLast;
        this.blueFirst = blueFirst;
        this.output = output;
        this.closing = closing;
    }

    /**
     * Open a file. Of its metadata {@code classes} (a JSON list), {@code image_size}, {@code resize}, {@code mean}, {@code std},
     * {@code layout}, {@code channels} and {@code output} are honoured.
     *
     * @throws LimbeckException if it is not there, or no runtime takes it
     */
    public static FileTeacher open(Path file) {
        return open(file, ModelRuntime::open);
    }

    /** Open a file for what it says, without running it where that can be: it answers nothing. */
    public static FileTeacher look(Path file) {
        return open(file, ModelRuntime::look);
    }

    private static FileTeacher open(Path file, BiFunction<ModelRuntime, Path, ModelRuntime.Running> opened) {
        if (!Files.isRegularFile(file)) throw MissingFile.of("teacher", file);
        ModelRuntime runtime = ModelRuntime.require(file);
        String sha256 = ModelFiles.sha256(file);
        ModelRuntime.Running running = opened.apply(runtime, file);
        try {
            ModelRuntime.Facts facts = running.facts();
            Map<String, String> metadata = facts.metadata();
            String output = metadata.get(OUTPUT);
            return new FileTeacher(
                    file,
                    running,
                    sha256,
                    SavedModel.classNames(file, metadata.get(CLASSES)),
                    preparation(facts),
                    isChannelsLast(facts),
                    Boolean.TRUE.equals(isSecond(facts, CHANNELS, RGB, BGR)),
                    output == null ? null : TeacherOutput.of(output),
                    new Closing("teacher " + file.getFileName()));
        } catch (LimbeckException e) {
            running.close();
            String message = String.valueOf(e.getMessage());
            throw new LimbeckException(
                    message.startsWith(file.toString()) ? message : file + " says what can't be: " + message, e);
        } catch (RuntimeException e) {
            running.close();
            throw e;
        }
    }

    /** Read one of two words, whatever their case; null if nothing is said. */
    private static @Nullable Boolean isSecond(ModelRuntime.Facts facts, String key, String first, String second) {
        String said = facts.metadata().get(key);
        if (said == null) return null;
        String word = said.strip().toLowerCase(Locale.ROOT);
        if (!word.equals(first) && !word.equals(second)) {
            throw new LimbeckException("its " + key + " must be " + first + " or " + second + ", found '" + said + "'");
        }
        return word.equals(second);
    }

    private static boolean isChannelsLast(ModelRuntime.Facts facts) {
        Boolean said = isSecond(facts, LAYOUT, NCHW, NHWC);
        if (said != null) return said;
        List<Long> shape = facts.inputShape();
        return shape.size() == 4 && shape.get(3) == 3 && shape.get(1) != 3;
    }

    private static Map<String, String> preparation(ModelRuntime.Facts facts) {
        Map<String, String> known = new LinkedHashMap<>();
        for (String key : List.of("image_size", "resize", "mean", "std")) {
            String value = facts.metadata().get(key);
            if (value != null) known.put(key, value);
        }
        if (PIXELS.equals(facts.metadata().get(INPUT))) {
            // It normalises values from 0 to 255 itself.
            known.put("mean", "0.0,0.0,0.0");
            String unit = String.valueOf(1 / 255.0);
            known.put("std", unit + "," + unit + "," + unit);
        }
        List<Long> shape = facts.inputShape();
        if (shape.size() == 4 && !known.containsKey("image_size")) {
            int first = isChannelsLast(facts) ? 1 : 2;
            long height = shape.get(first);
            long width = shape.get(first + 1);
            if (height > 0 && width > 0) known.put("image_size", height + "x" + width);
        }
        return known;
    }

    /** Return the same teacher with class names in the order of its outputs. */
    public FileTeacher named(List<String> names) {
        return new FileTeacher(file, running, sha256, names, preparation, channelsLast, blueFirst, output, closing);
    }

    /** Return the same teacher with inputs prepared otherwise; what is not said stays. */
    public FileTeacher seeing(Map<String, String> otherPreparation) {
        Map<String, String> all = new LinkedHashMap<>(preparation);
        all.putAll(otherPreparation);
        return new FileTeacher(file, running, sha256, classNames, all, channelsLast, blueFirst, output, closing);
    }

    /**
     * Return the same teacher with another order of the input's numbers.
     *
     * @param lastChannels whether it takes N×H×W×3 in place of N×3×H×W
     * @param firstBlue whether blue comes first; mean and std are said with red first all the same
     */
    public FileTeacher laidOut(boolean lastChannels, boolean firstBlue) {
        return new FileTeacher(
                file, running, sha256, classNames, preparation, lastChannels, firstBlue, output, closing);
    }

    /** Return the same teacher, whose output is known; else it is found out by answers to rows from all over the data. */
    public FileTeacher giving(@Nullable TeacherOutput what) {
        return new FileTeacher(file, running, sha256, classNames, preparation, channelsLast, blueFirst, what, closing);
    }

    @Override
    public String name() {
        return String.valueOf(file.getFileName());
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    /** Return how its inputs are prepared, as far as it is known. */
    public Map<String, String> preparation() {
        return preparation;
    }

    /** Return what the file says of itself. */
    public ModelRuntime.Facts facts() {
        return running.facts();
    }

    /** Return whether it takes N×H×W×3. */
    public boolean channelsLast() {
        return channelsLast;
    }

    /** Return whether it takes blue, green and red in place of red, green and blue. */
    public boolean blueFirst() {
        return blueFirst;
    }

    /** Return the SHA-256 of all that the model is read from, in hex; see {@link ModelFiles}. */
    public String sha256() {
        return sha256;
    }

    /**
     * Return the same teacher with its output known, found out by its answers to some rows unless it was said. Once for
     * all: single rows may look like anything.
     *
     * @param input N×3×H×W, normalized, red first
     * @throws LimbeckException if it is not clear
     */
    public FileTeacher knownBy(Tensor input) {
        Tensor table = Answers.table(forward(input), name(), input.size(0), classes());
        float[] values = Answers.finite(table, name());
        return giving(Answers.found(values, Math.toIntExact(table.size(1)), name(), output));
    }

    /**
     * Compute logits for inputs that are prepared as the teacher wants them, inside the caller's scope.
     *
     * @param input N×3×H×W, normalized, red first
     * @return N×classes
     * @throws LimbeckException if the answer cannot be used
     * @throws IllegalStateException if it is not known what the output is, see {@link #giving} and {@link #knownBy}
     */
    public Tensor logits(Tensor input) {
        if (output == null) throw new IllegalStateException("it is not known what the output of " + name() + " is");
        return Answers.logits(forward(input), name(), input.size(0), classes(), output);
    }

    @Override
    public Lesson begin(Data data, Device device) {
        closing.check();
        TeacherInput inputs = TeacherInput.of(data, preparation, name(), device);
        try {
            return lesson(inputs, look(data, inputs), device);
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
    }

    private Lesson lesson(TeacherInput inputs, TeacherOutput told, Device device) {
        Closing lessonClosing = new Closing("the lesson of teacher " + name());
        return new Lesson() {
            @Override
            public Tensor logits(Batch batch) {
                lessonClosing.check();
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor answer = forward(inputs.of(batch));
                    return scope.handOut(
                            Tensors.to(Answers.logits(answer, name(), batch.size(), classes(), told), device));
                }
            }

            @Override
            public Knowledge knowledge() {
                return told.knowledge();
            }

            @Override
            public String output() {
                return told.words();
            }

            @Override
            public boolean tryOn(@Nullable Trial trial) {
                return inputs.tryOn(trial);
            }

            @Override
            public long[] inputShape(long... student) {
                return inputs.shape();
            }

            /** The file was read once, and nothing here can change what was read. */
            @Override
            public String fingerprint() {
                return sha256 + " " + inputs.preparation() + (channelsLast ? " nhwc " : " nchw ")
                        + (blueFirst ? "bgr " : "rgb ") + told.used();
            }

            @Override
            public void close() {
                if (lessonClosing.close()) inputs.close();
            }
        };
    }

    /**
     * Find out what rows from all over a split are answered with.
     *
     * @throws LimbeckException if that is not clear, or they are answered otherwise when fewer are asked about
     */
    private TeacherOutput look(Data data, TeacherInput inputs) {
        Split split = data.has(Split.VALID) ? Split.VALID : Split.TRAIN;
        float[] seen = new float[0];
        int width = 1;
        try (BatchStream batches = data.sample(split, LOOKED_AT)) {
            for (int rows = 0; rows < LOOKED_AT; ) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    Tensor input = inputs.of(batch);
                    Tensor answer = Answers.table(forward(input), name(), batch.size(), classes());
                    float[] values = Answers.finite(answer, name());
                    if (rows == 0) {
                        int few = (batch.size() + 1) / 2;
                        Tensor again = Answers.table(forward(input.narrow(0, 0, few)), name(), few, classes());
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
        return Answers.found(seen, width, name(), output);
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
                "teacher %s answers the same images otherwise when they are asked about beside fewer others (by %.2g, the "
                        + "largest output is %.2g): it is random, or trains while it answers; save it after model.eval()",
                name(),
                difference,
                largest));
    }

    private Tensor forward(Tensor input) {
        closing.check();
        Tensor given = input.cpu();
        if (blueFirst) given = given.flip(1);
        given = channelsLast ? given.permute(0, 2, 3, 1).contiguous() : given.contiguous();
        try {
            return running.forward(given);
        } catch (LimbeckException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new LimbeckException(
                    "teacher " + name() + " must take one float32 tensor " + Tensors.shapeText(given.shape())
                            + " and return one, rows×classes, for any number of rows; found: " + Engine.firstLine(e),
                    e);
        }
    }

    @Override
    public void close() {
        if (closing.close()) running.close();
    }
}
