package dev.limbeck.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Normalization;
import dev.limbeck.Preprocessing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Define how an image is converted to the input of a model.
 *
 * @param mean subtracted from each channel, on a scale where white is 1
 * @param std each channel is then divided by it
 * @param channelsLast whether the model expects N×height×width×3 instead of N×3×height×width
 * @param blueFirst whether the model expects BGR; {@code mean} and {@code std} are in RGB order regardless
 */
public record ImagePreprocessing(
        int height,
        int width,
        Resize resize,
        List<Double> mean,
        List<Double> std,
        boolean channelsLast,
        boolean blueFirst)
        implements Preprocessing {
    /** The {@link #kind} of images. */
    public static final String KIND = "image";

    /** The per-channel mean over ImageNet that pretrained networks expect. */
    public static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);

    /** The per-channel standard deviation over ImageNet that pretrained networks expect. */
    public static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);

    /** Keys of the metadata. */
    public static final String SIZE = "image_size";

    public static final String RESIZE = "resize";
    public static final String MEAN = "mean";
    public static final String STD = "std";
    public static final String LAYOUT = "layout";
    public static final String CHANNELS = "channels";

    static final int MOST_SIDE = 4096;
    private static final List<String> LAYOUTS = List.of("nchw", "nhwc");
    private static final List<String> ORDERS = List.of("rgb", "bgr");

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

    /** Create the preprocessing for a model that expects N×3×height×width in RGB order. */
    public ImagePreprocessing(int height, int width, Resize resize, List<Double> mean, List<Double> std) {
        this(height, width, resize, mean, std, false, false);
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }

    /**
     * Check a normalization that people set. Files may have any.
     *
     * @throws LimbeckException if it is of pixels from 0 to 255, or not three numbers each
     */
    public static void checkGiven(List<Double> mean, List<Double> std) {
        new ImagePreprocessing(1, 1, Resize.CROP, mean, std);
        for (double one : mean) {
            check("mean", one >= 0 && one <= 1, "on the scale where white is 1", one + "; divide by 255");
        }
    }

    /** Return the standard preprocessing of pretrained networks: cropped to a square, ImageNet statistics. */
    public static ImagePreprocessing defaults(int side) {
        return new ImagePreprocessing(side, side, Resize.CROP, IMAGENET_MEAN, IMAGENET_STD);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(SIZE, height + "x" + width);
        metadata.put(RESIZE, resize.name().toLowerCase(Locale.ROOT));
        metadata.put(MEAN, text(mean));
        metadata.put(STD, text(std));
        if (channelsLast) metadata.put(LAYOUT, LAYOUTS.get(1));
        if (blueFirst) metadata.put(CHANNELS, ORDERS.get(1));
        return metadata;
    }

    /** Return whether a saved model's metadata contains its image preprocessing. */
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
        return defaults(1).with(metadata);
    }

    @Override
    public ImagePreprocessing with(Map<String, String> said) {
        Map<String, String> all = new LinkedHashMap<>(toMetadata());
        all.putAll(said);
        try {
            String[] size = all.get(SIZE).split("x");
            return new ImagePreprocessing(
                    Integer.parseInt(size[0]),
                    Integer.parseInt(size[1]),
                    Resize.valueOf(all.get(RESIZE).toUpperCase(Locale.ROOT)),
                    numbers(MEAN, all.get(MEAN)),
                    numbers(STD, all.get(STD)),
                    isSecond(LAYOUTS, all.get(LAYOUT)),
                    isSecond(ORDERS, all.get(CHANNELS)));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new LimbeckException("the model's metadata on image preprocessing is malformed: " + all, e);
        }
    }

    @Override
    public String identity() {
        return "3×" + height + "×" + width + " "
                + new TreeMap<>(withLayout(false, false).toMetadata());
    }

    @Override
    public String layout() {
        return LAYOUTS.get(channelsLast ? 1 : 0) + " " + ORDERS.get(blueFirst ? 1 : 0);
    }

    private static boolean isSecond(List<String> words, @Nullable String word) {
        if (word == null) return false;
        int at = words.indexOf(word.strip().toLowerCase(Locale.ROOT));
        if (at < 0) throw new IllegalArgumentException(word);
        return at == 1;
    }

    @Override
    public List<Variant> variants() {
        List<Variant> variants = new ArrayList<>();
        variants.add(normalized("ImageNet's mean and standard deviation", IMAGENET_MEAN, IMAGENET_STD));
        variants.add(normalized("values from -1 to 1", three(0.5), three(0.5)));
        variants.add(normalized("values from 0 to 1", three(0), three(1)));
        variants.add(normalized("values from 0 to 255", three(0), three(1 / 255.0)));
        variants.add(new Variant("BGR channels", withLayout(channelsLast, !blueFirst)));
        return variants;
    }

    private static List<Double> three(double value) {
        return List.of(value, value, value);
    }

    private Variant normalized(String words, List<Double> otherMean, List<Double> otherStd) {
        return new Variant(
                words + " (mean " + text(otherMean) + ", std " + text(otherStd) + ")",
                new ImagePreprocessing(height, width, resize, otherMean, otherStd, channelsLast, blueFirst));
    }

    /** Return the same preprocessing for a model with another layout or channel order. */
    public ImagePreprocessing withLayout(boolean lastChannels, boolean firstBlue) {
        return new ImagePreprocessing(height, width, resize, mean, std, lastChannels, firstBlue);
    }

    /** Return the shape of one sample of the model's input. */
    public long[] shape() {
        return channelsLast ? new long[] {height, width, mean.size()} : new long[] {mean.size(), height, width};
    }

    /** Return whether images are resized alike, so that only their normalization may differ. */
    public boolean hasSizeOf(ImagePreprocessing other) {
        return height == other.height && width == other.width && resize == other.resize;
    }

    /** Resize an image to height × width. */
    public RgbImage resized(RgbImage image) {
        return resize.apply(image, width, height);
    }

    @Override
    public String describe() {
        return "RGB images, " + resize.name().toLowerCase(Locale.ROOT) + " to " + height + "×" + width
                + ": pixels from 0 to 1, minus the mean " + mean + ", divided by " + std;
    }

    @Override
    public Normalization normalization() {
        return new Normalization(255, mean, std);
    }

    private static String text(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static List<Double> numbers(String key, String text) {
        try {
            return Arrays.stream(text.split(",")).map(Double::valueOf).toList();
        } catch (NumberFormatException e) {
            throw new LimbeckException(key + " must be three numbers such as 0.5,0.5,0.5, found '" + text + "'", e);
        }
    }
}
