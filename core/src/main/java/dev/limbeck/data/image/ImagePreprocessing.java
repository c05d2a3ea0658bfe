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
 * Say how an image becomes the input of a model; it travels in the metadata of a saved model.
 *
 * @param mean what is taken from each channel, on the scale where white is 1
 * @param std what each channel is then divided by
 */
public record ImagePreprocessing(int height, int width, Resize resize, List<Double> mean, List<Double> std) {
    /** The per-channel mean over ImageNet that pretrained networks expect. */
    public static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);

    /** The per-channel standard deviation over ImageNet that pretrained networks expect. */
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

    /** Return the metadata of a saved model; {@link #of} reads it back. */
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(SIZE, height + "x" + width);
        metadata.put(RESIZE, resize.name().toLowerCase(Locale.ROOT));
        metadata.put(MEAN, text(mean));
        metadata.put(STD, text(std));
        return metadata;
    }

    /** Prepare as pretrained networks expect it where nothing else is known: cropped to a square, ImageNet's statistics. */
    public static ImagePreprocessing defaults(int side) {
        return new ImagePreprocessing(side, side, Resize.CROP, IMAGENET_MEAN, IMAGENET_STD);
    }

    /** Return whether a saved model's metadata says how its images were prepared. */
    public static boolean isIn(Map<String, String> metadata) {
        return metadata.keySet().containsAll(List.of(SIZE, RESIZE, MEAN, STD));
    }

    /**
     * Read the metadata of a saved model.
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

    /** Turn one image into a batch of one, float32 of shape 1×3×height×width. */
    public Tensor input(RgbImage image) {
        byte[] rgb = resized(image).rgb();
        return normalized(ByteBuffer.allocateDirect(rgb.length).put(rgb).rewind(), 1);
    }

    /** Bring an image to height × width. */
    RgbImage resized(RgbImage image) {
        return resize.apply(image, width, height);
    }

    /** Turn the bytes of resized images, N×height×width×3, into float32 of shape N×3×height×width, channels last. */
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
            // The view does not keep the buffer from being collected.
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
