package dev.limbeck.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.Resize;
import dev.limbeck.image.RgbImage;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Classify images with a student that {@code limbeck export} wrote as ONNX. Class names and how images are prepared come from
 * the file. Any number of threads may ask at the same time.
 *
 * <pre>{@code
 * try (OnnxPredictor predictor = OnnxPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     Prediction prediction = predictor.predict(Path.of("photo.jpg"));
 *     System.out.println(prediction.className() + " " + prediction.probability());
 * }
 * }</pre>
 */
public final class OnnxPredictor implements ImageClassifier {
    private static final String PROBABILITIES = "probabilities";
    private static final String PIXELS = "pixels";
    private static final String NORMALIZED = "normalized";

    /** How files before this version spell it. */
    private static final String OLD_NORMALIZED = "normalised";

    private static final double LEAST_PROBABILITY = 1e-30;
    /** As an image's preparation allows; a damaged file must not take all memory. */
    private static final int MOST_SIDE = 4096;

    private static final long MOST_NUMBERS = 1 << 28;

    private final Path file;
    private final OrtSession session;
    private final String input;
    private final String output;
    private final List<String> classNames;
    private final int height;
    private final int width;
    private final Resize resize;
    private final float[] scale = new float[3];
    private final float[] shift = new float[3];

    // Asking shares the lock, closing does not: the session is closed only when nobody computes with it.
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private OnnxPredictor(Path file, OrtSession session) throws OrtException {
        this.file = file;
        this.session = session;
        if (session.getInputNames().size() != 1 || session.getOutputNames().isEmpty()) {
            throw new LimbeckException(file + " has " + session.getInputNames().size() + " inputs and "
                    + session.getOutputNames().size() + " outputs; expected one of each");
        }
        input = session.getInputNames().iterator().next();
        output = session.getOutputNames().iterator().next();
        Map<String, String> metadata = session.getMetadata().getCustomMetadata();
        String[] size = required(metadata, "image_size").split("x");
        String taken = metadata.getOrDefault("input", NORMALIZED);
        if (taken.equals(OLD_NORMALIZED)) taken = NORMALIZED;
        try {
            if (size.length != 2 || !taken.equals(PIXELS) && !taken.equals(NORMALIZED)) {
                throw new IllegalArgumentException(taken);
            }
            height = side(size[0]);
            width = side(size[1]);
            resize = Resize.valueOf(required(metadata, "resize").toUpperCase(Locale.ROOT));
            boolean pixels = taken.equals(PIXELS);
            double[] mean = three(required(metadata, "mean"));
            double[] std = three(required(metadata, "std"));
            for (int c = 0; c < 3; c++) {
                if (std[c] <= 0) throw new IllegalArgumentException("std");
                scale[c] = pixels ? 1 : (float) (1 / (255 * std[c]));
                shift[c] = pixels ? 0 : (float) (-mean[c] / std[c]);
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new LimbeckException(file + " has malformed metadata: " + metadata, e);
        }
        checkInput(session.getInputInfo().get(input).getInfo());
        int classes = classes(session.getOutputInfo().get(output).getInfo());
        List<String> named =
                metadata.containsKey("classes") ? JsonStrings.list(metadata.get("classes"), file) : numbered(classes);
        if (named.size() != classes) {
            throw new LimbeckException(file + " names " + named.size() + " classes, but gives " + classes + " outputs");
        }
        classNames = named;
    }

    private static int side(String text) {
        int side = Integer.parseInt(text);
        if (side < 1 || side > MOST_SIDE) throw new IllegalArgumentException(text);
        return side;
    }

    private static double[] three(String text) {
        double[] numbers =
                Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
        if (numbers.length != 3 || !Arrays.stream(numbers).allMatch(Double::isFinite)) {
            throw new IllegalArgumentException(text);
        }
        return numbers;
    }

    private void checkInput(ValueInfo given) {
        long[] wanted = {-1, 3, height, width};
        if (given instanceof TensorInfo tensor
                && tensor.type == OnnxJavaType.FLOAT
                && tensor.getShape().length == wanted.length) {
            long[] shape = tensor.getShape();
            boolean fits = shape[0] < 0;
            for (int i = 1; i < wanted.length; i++) fits &= shape[i] < 0 || shape[i] == wanted[i];
            if (fits) return;
        }
        String found = given instanceof TensorInfo tensor
                ? tensor.type + " " + Arrays.toString(tensor.getShape())
                : "no tensor";
        throw new LimbeckException(file + " takes " + found + "; expected float32, any number of images×3×" + height
                + "×" + width + ", as its image_size says");
    }

    private int classes(ValueInfo given) {
        if (given instanceof TensorInfo tensor
                && tensor.type == OnnxJavaType.FLOAT
                && tensor.getShape().length == 2
                && tensor.getShape()[1] > 0) {
            return Math.toIntExact(tensor.getShape()[1]);
        }
        throw new LimbeckException(file + " gives " + given + "; expected float32, images×classes");
    }

    private String required(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new LimbeckException(
                    file + " does not say its " + key + "; expected a file that limbeck export wrote");
        }
        return value;
    }

    /**
     * Open a file.
     *
     * @throws LimbeckException if it is not there, is broken, was changed, or was not written by Limbeck
     */
    public static OnnxPredictor open(Path model) {
        if (!Files.isRegularFile(model)) throw new LimbeckException("no ONNX file at " + model);
        OnnxChecksum.check(model);
        NativeFiles.prepare();
        OrtSession session = null;
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            // What is wrong is thrown; it would be printed besides.
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            session = OrtEnvironment.getEnvironment().createSession(model.toString(), options);
            return new OnnxPredictor(model, session);
        } catch (OrtException e) {
            ExitGate.refuseIfEnding();
            close(session);
            throw new LimbeckException(
                    model + " is not an ONNX file that can be run: " + LimbeckException.briefly(e), e);
        } catch (RuntimeException e) {
            close(session);
            throw e;
        }
    }

    private static void close(OrtSession session) {
        try {
            if (session != null) session.close();
        } catch (OrtException e) {
            throw new LimbeckException("cannot close the model: " + LimbeckException.briefly(e), e);
        }
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Prediction predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    @Override
    public List<Prediction> predictAll(List<RgbImage> images) {
        if (images.isEmpty()) return List.of();
        long numbers = 3L * height * width * images.size();
        if (numbers > MOST_NUMBERS) {
            throw new LimbeckException(images.size() + " images of " + height + "x" + width
                    + " are too many at once; ask about fewer at a time");
        }
        float[] values = new float[(int) numbers];
        for (int i = 0; i < images.size(); i++) prepare(resize.apply(images.get(i), width, height), values, i);
        lock.readLock().lock();
        try {
            if (closed) throw new LimbeckException("the predictor is closed; open another");
            return ask(values, images.size());
        } finally {
            lock.readLock().unlock();
        }
    }

    private void prepare(RgbImage image, float[] values, int row) {
        int area = height * width;
        byte[] rgb = image.rgb();
        for (int c = 0; c < 3; c++) {
            int to = (3 * row + c) * area;
            for (int i = 0; i < area; i++) values[to + i] = (rgb[3 * i + c] & 0xff) * scale[c] + shift[c];
        }
    }

    private List<Prediction> ask(float[] values, int rows) {
        long[] shape = {rows, 3, height, width};
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                OnnxTensor given =
                        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
                OrtSession.Result result = session.run(Map.of(input, given))) {
            FloatBuffer found = ((OnnxTensor) result.get(0)).getFloatBuffer();
            int classes = found.remaining() / rows;
            List<Prediction> predictions = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                double[] logits = new double[classes];
                for (int c = 0; c < classes; c++) {
                    double value = found.get(row * classes + c);
                    if (!Double.isFinite(value)) {
                        throw new LimbeckException(file + " gives " + value + " for an image; its weights are broken");
                    }
                    // Of probabilities the logarithms are logits, up to a constant that the softmax takes away.
                    logits[c] = output.equals(PROBABILITIES) ? Math.log(Math.max(value, LEAST_PROBABILITY)) : value;
                }
                predictions.add(new Prediction(classNames, logits));
            }
            return predictions;
        } catch (OrtException e) {
            // Its own shutdown hook takes it down under those that are asked.
            ExitGate.refuseIfEnding();
            throw new LimbeckException(file + ": " + LimbeckException.briefly(e), e);
        }
    }

    private static List<String> numbered(int classes) {
        String[] names = new String[classes];
        for (int i = 0; i < classes; i++) names[i] = "class " + i;
        return Arrays.asList(names);
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) close(session);
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
