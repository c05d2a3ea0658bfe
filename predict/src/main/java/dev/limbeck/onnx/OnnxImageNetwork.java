package dev.limbeck.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compute outputs for images with an ONNX file that {@code limbeck export} wrote. Thread-safe. */
final class OnnxImageNetwork implements AutoCloseable {
    private static final String PIXELS = "pixels";
    private static final String NORMALIZED = "normalized";

    /** Value written by earlier versions. */
    private static final String OLD_NORMALIZED = "normalised";

    private static final long MOST_NUMBERS = 1 << 28;

    private final Path file;
    private final OnnxSession session;
    private final Task task;
    private final ImagePreprocessing preprocessing;
    private final float[] scale;
    private final float[] shift;

    private OnnxImageNetwork(Path file, OnnxSession session) {
        this.file = file;
        this.session = session;
        Map<String, String> metadata = session.metadata();
        String found = metadata.getOrDefault(OnnxRowNetwork.MODALITY, ImagePreprocessing.KIND);
        if (!found.equals(ImagePreprocessing.KIND)) {
            throw new LimbeckException(file + " takes inputs of the kind " + found + ", expected "
                    + ImagePreprocessing.KIND + "; open it with the predictor of its kind");
        }
        List.of(ImagePreprocessing.SIZE, ImagePreprocessing.RESIZE, ImagePreprocessing.MEAN, ImagePreprocessing.STD)
                .forEach(key -> require(metadata, key));
        String taken = metadata.getOrDefault("input", NORMALIZED);
        if (taken.equals(OLD_NORMALIZED)) taken = NORMALIZED;
        boolean twoSides = metadata.get(ImagePreprocessing.SIZE).split("x").length == 2;
        if (!twoSides || !taken.equals(PIXELS) && !taken.equals(NORMALIZED)) throw malformed(metadata, null);
        try {
            preprocessing = ImagePreprocessing.of(metadata);
        } catch (LimbeckException e) {
            throw malformed(metadata, e);
        }
        if (preprocessing.channelsLast() || preprocessing.blueFirst()) {
            throw new LimbeckException(file + " takes images as " + preprocessing.layout()
                    + "; expected nchw rgb, as limbeck export writes it");
        }
        boolean normalizes = taken.equals(PIXELS);
        scale = normalizes
                ? new float[] {1, 1, 1}
                : preprocessing.normalization().scale();
        shift = normalizes ? new float[3] : preprocessing.normalization().shift();
        checkInput(session.input().getInfo());
        int classes = outputs(session.output().getInfo());
        task = OnnxOutputs.task(session, classes);
    }

    private LimbeckException malformed(Map<String, String> metadata, @Nullable Exception cause) {
        return new LimbeckException(file + " has malformed metadata: " + metadata, cause);
    }

    private void checkInput(ValueInfo given) {
        int height = preprocessing.height();
        int width = preprocessing.width();
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

    private int outputs(ValueInfo given) {
        if (given instanceof TensorInfo tensor
                && tensor.type == OnnxJavaType.FLOAT
                && tensor.getShape().length == 2
                && tensor.getShape()[1] > 0) {
            return Math.toIntExact(tensor.getShape()[1]);
        }
        throw new LimbeckException(file + " gives " + given + "; expected float32, images×classes");
    }

    private void require(Map<String, String> metadata, String key) {
        if (!metadata.containsKey(key)) {
            throw new LimbeckException(
                    file + " does not say its " + key + "; expected a file that limbeck export wrote");
        }
    }

    static OnnxImageNetwork open(Path model) {
        if (!Files.isRegularFile(model)) throw new LimbeckException("no ONNX file at " + model);
        OnnxSession session = OnnxSession.open(model, 0);
        try {
            return new OnnxImageNetwork(model, session);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    ImagePreprocessing preprocessing() {
        return preprocessing;
    }

    /** Return the task; a regression's outputs are in the targets' units. */
    Task task() {
        return task;
    }

    /** Compute the outputs of images, one array each: logits or numbers. */
    List<double[]> outputs(List<RgbImage> images) {
        if (images.isEmpty()) return List.of();
        int height = preprocessing.height();
        int width = preprocessing.width();
        long numbers = 3L * height * width * images.size();
        if (numbers > MOST_NUMBERS) {
            throw new LimbeckException(images.size() + " images of " + height + "x" + width
                    + " are too many at once; predict fewer at a time");
        }
        float[] values = new float[(int) numbers];
        for (int i = 0; i < images.size(); i++) prepare(preprocessing.resized(images.get(i)), values, i);
        return OnnxOutputs.rows(session, task, session.run(values, images.size(), 3, height, width), images.size());
    }

    private void prepare(RgbImage image, float[] values, int row) {
        int area = preprocessing.height() * preprocessing.width();
        byte[] rgb = image.rgb();
        for (int c = 0; c < 3; c++) {
            int to = (3 * row + c) * area;
            for (int i = 0; i < area; i++) values[to + i] = (rgb[3 * i + c] & 0xff) * scale[c] + shift[c];
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
