package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.image.Resize;
import dev.limbeck.image.RgbImage;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold the preprocessing of images. A saved model stores it in its metadata.
 *
 * @param mean channel means to subtract, for pixels in [0, 1]
 * @param std channel standard deviations to divide by
 */
public record ImagePreprocessing(int height, int width, Resize resize, List<Double> mean, List<Double> std) {
    /** Channel means of ImageNet, which pretrained networks expect. */
    public static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);

    /** Channel standard deviations of ImageNet, which pretrained networks expect. */
    public static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);

    private static final int MOST_SIDE = 4096;
    private static final String SIZE = "image_size";
    private static final String RESIZE = "resize";
    private static final String MEAN = "mean";
    private static final String STD = "std";

    public ImagePreprocessing {
        check("image height", height >= 1 && height <= MOST_SIDE, "1 to " + MOST_SIDE, height);
        check("image width", width >= 1 && width <= MOST_SIDE, "1 to " + MOST_SIDE, width);
        check(
                "normalization mean",
                mean.size() == 3 && mean.stream().allMatch(Double::isFinite),
                "three numbers",
                mean);
        check(
                "normalization std",
                std.size() == 3 && std.stream().allMatch(s -> s > 0 && Double.isFinite(s)),
                "three numbers above 0",
                std);
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }

    /** Return the metadata for a saved model. {@link #of} reads it back. */
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(SIZE, height + "x" + width);
        metadata.put(RESIZE, resize.name().toLowerCase(Locale.ROOT));
        metadata.put(MEAN, text(mean));
        metadata.put(STD, text(std));
        return metadata;
    }

    /** Return the default preprocessing of pretrained networks: a square center crop and ImageNet's statistics. */
    public static ImagePreprocessing defaults(int side) {
        return new ImagePreprocessing(side, side, Resize.CROP, IMAGENET_MEAN, IMAGENET_STD);
    }

    /** Return whether a saved model's metadata contains preprocessing. */
    public static boolean isIn(Map<String, String> metadata) {
        return metadata.keySet().containsAll(List.of(SIZE, RESIZE, MEAN, STD));
    }

    /**
     * Read preprocessing from a saved model's metadata.
     *
     * @throws LimbeckException if it is incomplete, malformed or out of range
     */
    public static ImagePreprocessing of(Map<String, String> metadata) {
        if (!isIn(metadata)) {
            throw new LimbeckException(
                    "the model does not say how its images were prepared; its metadata has " + metadata.keySet());
        }
        try {
            String[] size = metadata.get(SIZE).split("x");
            return new ImagePreprocessing(
                    Integer.parseInt(size[0]),
                    Integer.parseInt(size[1]),
                    Resize.valueOf(metadata.get(RESIZE).toUpperCase(Locale.ROOT)),
                    numbers(metadata.get(MEAN)),
                    numbers(metadata.get(STD)));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new LimbeckException("the model's metadata on image preparation is malformed: " + metadata, e);
        }
    }

    /** Convert one image to a batch of one, float32 of shape 1×3×height×width. */
    public Tensor input(RgbImage image) {
        byte[] rgb = resized(image).rgb();
        return normalized(ByteBuffer.allocateDirect(rgb.length).put(rgb).rewind(), 1);
    }

    /** Resize an image to height × width. */
    RgbImage resized(RgbImage image) {
        return resize.apply(image, width, height);
    }

    /**
     * Convert resized images, N×height×width×3 bytes, to float32 of shape N×3×height×width, in channels-last memory
     * format.
     */
    Tensor normalized(ByteBuffer bytes, int count) {
        int channels = mean.size();
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            scale[c] = (float) (1 / (255 * std.get(c)));
            shift[c] = (float) (-mean.get(c) / std.get(c));
        }
        try (Scope scope = Scope.open()) {
            Tensor view = Tensors.view(bytes, DType.UINT8, count, height, width, channels);
            return scope.promote(Ops.scaleAndShift(
                    view.permute(0, 3, 1, 2),
                    Tensors.of(scale, 1, channels, 1, 1),
                    Tensors.of(shift, 1, channels, 1, 1)));
        } finally {
            // The view does not prevent garbage collection of the buffer.
            Reference.reachabilityFence(bytes);
        }
    }

    private static String text(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static List<Double> numbers(String text) {
        return Arrays.stream(text.split(",")).map(Double::valueOf).toList();
    }
}
