package dev.limbeck.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.Resize;
import dev.limbeck.data.image.RgbImage;
import dev.limbeck.predict.Prediction;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.imageio.ImageIO;

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
public final class OnnxPredictor implements AutoCloseable {
    private static final String PROBABILITIES = "probabilities";
    private static final double LEAST_PROBABILITY = 1e-30;

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
        input = session.getInputNames().iterator().next();
        output = session.getOutputNames().iterator().next();
        Map<String, String> metadata = session.getMetadata().getCustomMetadata();
        String[] size = told(metadata, "image_size").split("x");
        try {
            height = Integer.parseInt(size[0]);
            width = Integer.parseInt(size[1]);
            resize = Resize.valueOf(told(metadata, "resize").toUpperCase(Locale.ROOT));
            boolean pixels = "pixels".equals(metadata.get("input"));
            String[] mean = told(metadata, "mean").split(",");
            String[] std = told(metadata, "std").split(",");
            for (int c = 0; c < 3; c++) {
                scale[c] = pixels ? 1 : (float) (1 / (255 * Double.parseDouble(std[c])));
                shift[c] = pixels ? 0 : (float) (-Double.parseDouble(mean[c]) / Double.parseDouble(std[c]));
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new LimbeckException(file + " has malformed metadata: " + metadata, e);
        }
        long[] shape = ((TensorInfo) session.getOutputInfo().get(output).getInfo()).getShape();
        int classes = Math.toIntExact(shape[shape.length - 1]);
        List<String> named =
                metadata.containsKey("classes") ? JsonStrings.list(metadata.get("classes"), file) : numbered(classes);
        if (named.size() != classes) {
            throw new LimbeckException(file + " names " + named.size() + " classes, but gives " + classes + " outputs");
        }
        classNames = named;
    }

    private String told(Map<String, String> metadata, String key) {
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
     * @throws LimbeckException if it is not there, is broken, or was not written by Limbeck
     */
    public static OnnxPredictor open(Path model) {
        if (!Files.isRegularFile(model)) throw new LimbeckException("no ONNX file at " + model);
        NativeFiles.prepare();
        OrtSession session = null;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            session = OrtEnvironment.getEnvironment().createSession(model.toString(), options);
            return new OnnxPredictor(model, session);
        } catch (OrtException e) {
            throw new LimbeckException(model + " is no ONNX file that can be run: " + firstLine(e), e);
        } catch (LimbeckException e) {
            close(session);
            throw e;
        }
    }

    private static void close(OrtSession session) {
        try {
            if (session != null) session.close();
        } catch (OrtException e) {
            throw new LimbeckException("cannot close the model: " + firstLine(e), e);
        }
    }

    /** Return the class names in the order of the logits; numbers where the file has none. */
    public List<String> classNames() {
        return classNames;
    }

    /**
     * Classify an image file: PNG, JPEG, BMP or GIF. Photographs are turned upright as their EXIF orientation says.
     *
     * @throws LimbeckException if it cannot be read
     */
    public Prediction predict(Path image) {
        try {
            byte[] bytes = Files.readAllBytes(image);
            BufferedImage decoded = ImageIO.read(new ByteArrayInputStream(bytes));
            if (decoded == null) {
                throw new LimbeckException(
                        "cannot read image " + image + ": not an image of a known format (PNG, JPEG, BMP, GIF)");
            }
            return predict(RgbImage.of(decoded).upright(Orientation.of(bytes)));
        } catch (NoSuchFileException e) {
            throw new LimbeckException("cannot read image " + image + ": no such file", e);
        } catch (IOException | IndexOutOfBoundsException e) {
            throw new LimbeckException("cannot read image " + image + ": " + firstLine(e), e);
        }
    }

    /** Classify an image in memory. */
    public Prediction predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }

    /** Classify 8-bit RGB pixels. */
    public Prediction predict(RgbImage image) {
        return predictAll(List.of(image)).get(0);
    }

    /** Classify several images at once, which is quicker than one after the other. */
    public List<Prediction> predictAll(List<RgbImage> images) {
        if (images.isEmpty()) return List.of();
        float[] values = new float[images.size() * 3 * height * width];
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
        try (OnnxTensor given =
                        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
                OrtSession.Result result = session.run(Map.of(input, given))) {
            FloatBuffer found = ((OnnxTensor) result.get(0)).getFloatBuffer();
            int classes = found.remaining() / rows;
            List<Prediction> predictions = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                double[] logits = new double[classes];
                for (int c = 0; c < classes; c++) {
                    double value = found.get(row * classes + c);
                    // Of probabilities the logarithms are logits, up to a constant that the softmax takes away.
                    logits[c] = output.equals(PROBABILITIES) ? Math.log(Math.max(value, LEAST_PROBABILITY)) : value;
                }
                predictions.add(new Prediction(classNames, logits));
            }
            return predictions;
        } catch (OrtException e) {
            throw new LimbeckException(file + ": " + firstLine(e), e);
        }
    }

    private static List<String> numbered(int classes) {
        String[] names = new String[classes];
        for (int i = 0; i < classes; i++) names[i] = "class " + i;
        return Arrays.asList(names);
    }

    private static String firstLine(Exception e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().findFirst().orElse(message);
    }

    /** Free the model's memory, once nobody computes with it any more. */
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
