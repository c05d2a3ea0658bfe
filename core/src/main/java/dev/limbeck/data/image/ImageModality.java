package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Printable;
import dev.limbeck.data.Modality;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Read images into float32 of shape N×3×height×width, normalized for each channel. */
public final class ImageModality implements Modality {
    private static final String INPUT = "input";
    private static final String PIXELS = "pixels";
    private static final Pattern SIDES =
            Pattern.compile("[\\[(]?\\s*([1-9][0-9]{0,4})\\s*(?:[x×,]\\s*([1-9][0-9]{0,4}))?\\s*[\\])]?");
    private static final List<String> RESIZES = List.of("squish", "crop", "pad");

    /** Sides of the images that published networks are made for. */
    private static final long[] PUBLISHED_SIDES = {
        32, 224, 28, 64, 96, 128, 160, 192, 227, 240, 256, 260, 288, 299, 300, 320, 380, 384, 448, 480, 512
    };

    private static final int[] OTHER_ROWS = {20, 24, 32, 64, 100, 128, 256};
    private static final int MOST_ROWS = 16;

    @Override
    public String kind() {
        return ImagePreprocessing.KIND;
    }

    @Override
    public boolean takes(ModelFacts model) {
        return model.inputs().isEmpty() || shape(model).length == 3;
    }

    /** Return the shape of a row of the only input; empty if there are others, or the file does not say. */
    private static long[] shape(ModelFacts model) {
        return model.inputs().size() == 1 ? model.inputs().get(0).shape() : new long[0];
    }

    @Override
    public Map<String, String> read(ModelFacts model, Consumer<String> log) {
        Map<String, String> metadata = model.metadata();
        Map<String, String> known = new LinkedHashMap<>();
        readSize(metadata.get(ImagePreprocessing.SIZE), known, log);
        readResize(metadata.get(ImagePreprocessing.RESIZE), known, log);
        List<Double> mean = numbers(metadata, ImagePreprocessing.MEAN, log);
        List<Double> std = numbers(metadata, ImagePreprocessing.STD, log);
        boolean meanOfPixels = areOfPixels(mean);
        // A deviation of 1 beside such a mean divides nothing; one below 1 can only be of another scale.
        boolean stdOfPixels = areOfPixels(std)
                || meanOfPixels && !std.isEmpty() && std.stream().allMatch(one -> one == 1);
        put(ImagePreprocessing.MEAN, mean, meanOfPixels, known, log);
        put(ImagePreprocessing.STD, std, stdOfPixels, known, log);
        if (PIXELS.equals(metadata.get(INPUT))) {
            // It normalizes values from 0 to 255 itself.
            known.put(ImagePreprocessing.MEAN, "0.0,0.0,0.0");
            String unit = String.valueOf(1 / 255.0);
            known.put(ImagePreprocessing.STD, unit + "," + unit + "," + unit);
        }
        readWord(metadata, ImagePreprocessing.CHANNELS, List.of("rgb", "bgr"), known);
        readWord(metadata, ImagePreprocessing.LAYOUT, List.of("nchw", "nhwc"), known);
        long[] shape = shape(model);
        if (shape.length != 3) return known;
        if (!known.containsKey(ImagePreprocessing.LAYOUT) && shape[2] == 3 && shape[0] != 3) {
            known.put(ImagePreprocessing.LAYOUT, "nhwc");
        }
        int first = "nhwc".equals(known.get(ImagePreprocessing.LAYOUT)) ? 0 : 1;
        if (!known.containsKey(ImagePreprocessing.SIZE) && shape[first] > 0 && shape[first + 1] > 0) {
            known.put(ImagePreprocessing.SIZE, shape[first] + "x" + shape[first + 1]);
        }
        return known;
    }

    private static void readSize(@Nullable String size, Map<String, String> known, Consumer<String> log) {
        if (size == null) return;
        Matcher sides = SIDES.matcher(size);
        if (sides.matches()) {
            known.put(
                    ImagePreprocessing.SIZE,
                    sides.group(1) + "x" + (sides.group(2) == null ? sides.group(1) : sides.group(2)));
        } else {
            log.accept(malformed(ImagePreprocessing.SIZE, "height and width such as 224x224", size));
        }
    }

    private static void readResize(@Nullable String resize, Map<String, String> known, Consumer<String> log) {
        if (resize == null) return;
        if (RESIZES.contains(resize.strip().toLowerCase(Locale.ROOT))) {
            known.put(ImagePreprocessing.RESIZE, resize.strip());
        } else {
            log.accept(malformed(ImagePreprocessing.RESIZE, "squish, crop or pad", resize));
        }
    }

    /** Read a number for each channel; none if there are none, or they cannot be read. */
    private static List<Double> numbers(Map<String, String> metadata, String key, Consumer<String> log) {
        String text = metadata.get(key);
        if (text == null) return List.of();
        List<Double> numbers = numbers(text);
        if (numbers.isEmpty()) log.accept(malformed(key, "a number for each channel such as 0.5,0.5,0.5", text));
        return numbers;
    }

    /** Return whether a mean or deviation is of pixels from 0 to 255: where white is 1, none can be above. */
    private static boolean areOfPixels(List<Double> numbers) {
        return numbers.stream().anyMatch(number -> number > 1);
    }

    private static void put(
            String key, List<Double> numbers, boolean ofPixels, Map<String, String> known, Consumer<String> log) {
        if (numbers.isEmpty()) return;
        known.put(
                key,
                numbers.stream()
                        .map(number -> String.valueOf(ofPixels ? number / 255 : number))
                        .collect(Collectors.joining(",")));
        if (ofPixels) log.accept(key + " is of pixels from 0 to 255; it is divided by 255");
    }

    /** Read numbers between commas, in brackets or not; none if any is not a number. */
    private static List<Double> numbers(String text) {
        try {
            return Stream.of(text.replaceAll("[\\[\\]()\\s]", "").split(","))
                    .map(Double::valueOf)
                    .toList();
        } catch (NumberFormatException e) {
            return List.of();
        }
    }

    private static String malformed(String key, String expected, String found) {
        return key + " must be " + expected + ", found '" + Printable.quote(found) + "'; it is not used";
    }

    private static void readWord(
            Map<String, String> metadata, String key, List<String> words, Map<String, String> known) {
        String said = metadata.get(key);
        if (said == null) return;
        String word = said.strip().toLowerCase(Locale.ROOT);
        if (!words.contains(word)) {
            throw new LimbeckException(
                    "its " + key + " must be " + String.join(" or ", words) + ", found '" + said + "'");
        }
        known.put(key, word);
    }

    @Override
    public ImagePreprocessing preprocessing(Map<String, String> saved) {
        return ImagePreprocessing.of(saved);
    }

    @Override
    public ImagePreprocessing assumed(int side) {
        return ImagePreprocessing.defaults(side);
    }

    @Override
    public List<InputSpec> inputs(Preprocessing preprocessing) {
        return ImageTensors.specs((ImagePreprocessing) preprocessing);
    }

    @Override
    public @Nullable Remedy remedy(Preprocessing given, int rows, Predicate<Inputs> takes) {
        ImagePreprocessing how = (ImagePreprocessing) given;
        Predicate<InputSpec> taken = spec -> takes.test(Inputs.of(spec.example(rows)));
        ImagePreprocessing turned = how.withLayout(!how.channelsLast(), how.blueFirst());
        if (taken.test(ImageTensors.specs(turned).get(0))) {
            return new Remedy(
                    "it takes rows×" + (turned.channelsLast() ? "height×width×3" : "3×height×width"),
                    ImagePreprocessing.LAYOUT,
                    turned.channelsLast() ? "nhwc" : "nchw",
                    false);
        }
        for (int count : IntStream.concat(IntStream.rangeClosed(1, MOST_ROWS), IntStream.of(OTHER_ROWS))
                .toArray()) {
            Inputs other = Inputs.of(ImageTensors.specs(how).get(0).example(count));
            if (count != rows && takes.test(other)) {
                return Remedy.of("it takes " + (count == 1 ? "one image at a time" : count + " images at a time")
                        + "; export it so that the number of images may be any (of a traced model look for sizes"
                        + " in reshape or view)");
            }
        }
        for (long side : PUBLISHED_SIDES) {
            long[] shape = how.channelsLast() ? new long[] {side, side, 3} : new long[] {3, side, side};
            if ((side != how.height() || side != how.width()) && taken.test(InputSpec.floats(shape))) {
                return new Remedy(
                        "it takes images of " + side + "×" + side + ", found " + how.height() + "×" + how.width(),
                        "image-size",
                        String.valueOf(side),
                        true);
            }
        }
        return null;
    }
}
