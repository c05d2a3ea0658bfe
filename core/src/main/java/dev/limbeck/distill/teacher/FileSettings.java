package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.model.SavedModel;
import dev.limbeck.weights.ClassNames;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hold the facts about a model file. The user's settings override those of the file.
 *
 * @param classNames class names in the order of its outputs; empty if unknown
 * @param preparation preprocessing of its inputs, as far as known, in the order of the file
 * @param channelsLast whether the input is N×H×W×3
 * @param blueFirst whether the channel order is BGR
 * @param output kind of its output; null to detect it
 * @param trusted whether Limbeck wrote the kind of output
 * @param log receives warnings
 */
record FileSettings(
        List<String> classNames,
        Map<String, String> preparation,
        boolean channelsLast,
        boolean blueFirst,
        @Nullable TeacherOutput output,
        boolean trusted,
        ModelRole role,
        Consumer<String> log) {
    private static final String CLASSES = "classes";
    private static final String OUTPUT = "output";
    private static final String LAYOUT = "layout";
    private static final String CHANNELS = "channels";
    private static final String NCHW = "nchw";
    private static final String NHWC = "nhwc";
    private static final String RGB = "rgb";
    private static final String BGR = "bgr";
    private static final String INPUT = "input";
    private static final String PIXELS = "pixels";
    private static final String SIZE = "image_size";
    private static final String RESIZE = "resize";
    private static final String MEAN = "mean";
    private static final String STD = "std";
    private static final Pattern SIDES =
            Pattern.compile("[\\[(]?\\s*([1-9][0-9]{0,4})\\s*(?:[x×,]\\s*([1-9][0-9]{0,4}))?\\s*[\\])]?");
    private static final List<String> RESIZES = List.of("squish", "crop", "pad");

    FileSettings {
        classNames = List.copyOf(classNames);
        preparation = Collections.unmodifiableMap(new LinkedHashMap<>(preparation));
    }

    /**
     * Read the facts stored in a file.
     *
     * @throws LimbeckException if a value is not one of the known words
     */
    static FileSettings of(Path file, ModelRuntime.Facts facts, ModelRole role, Consumer<String> log) {
        Map<String, String> metadata = facts.metadata();
        String output = metadata.get(OUTPUT);
        Consumer<String> lines = line -> log.accept(file + ": its " + line);
        return new FileSettings(
                classNames(metadata, lines),
                preparation(facts, lines),
                isChannelsLast(facts),
                Boolean.TRUE.equals(isSecond(facts, CHANNELS, RGB, BGR)),
                output == null ? null : TeacherOutput.of(output),
                SavedModel.isOurs(metadata),
                role,
                log);
    }

    private static List<String> classNames(Map<String, String> metadata, Consumer<String> lines) {
        for (String key : List.of(CLASSES, "names")) {
            String text = metadata.get(key);
            if (text == null) continue;
            List<String> names = ClassNames.parse(text);
            if (!names.isEmpty()) return names;
            lines.accept(key + " must be a list of different names such as [\"cat\", \"dog\"], found '"
                    + Printable.quote(text) + "'; they are not used");
        }
        return List.of();
    }

    FileSettings named(List<String> names) {
        return new FileSettings(names, preparation, channelsLast, blueFirst, output, trusted, role, log);
    }

    FileSettings seeing(Map<String, String> other) {
        Map<String, String> all = new LinkedHashMap<>(preparation);
        all.putAll(other);
        return new FileSettings(classNames, all, channelsLast, blueFirst, output, trusted, role, log);
    }

    FileSettings laidOut(boolean lastChannels, boolean firstBlue) {
        return new FileSettings(classNames, preparation, lastChannels, firstBlue, output, trusted, role, log);
    }

    FileSettings giving(@Nullable TeacherOutput what) {
        return new FileSettings(classNames, preparation, channelsLast, blueFirst, what, false, role, log);
    }

    /** Parse one of two words, ignoring case. Return null if the key is missing. */
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

    private static Map<String, String> preparation(ModelRuntime.Facts facts, Consumer<String> lines) {
        Map<String, String> known = new LinkedHashMap<>();
        String size = facts.metadata().get(SIZE);
        if (size != null) {
            Matcher sides = SIDES.matcher(size);
            if (sides.matches()) {
                known.put(SIZE, sides.group(1) + "x" + (sides.group(2) == null ? sides.group(1) : sides.group(2)));
            } else {
                lines.accept(SIZE + " must be height and width such as 224x224, found '" + Printable.quote(size)
                        + "'; it is not used");
            }
        }
        String resize = facts.metadata().get(RESIZE);
        if (resize != null) {
            if (RESIZES.contains(resize.strip().toLowerCase(Locale.ROOT))) {
                known.put(RESIZE, resize.strip());
            } else {
                lines.accept(RESIZE + " must be squish, crop or pad, found '" + Printable.quote(resize)
                        + "'; it is not used");
            }
        }
        boolean pixels = false;
        for (String key : List.of(MEAN, STD)) {
            String text = facts.metadata().get(key);
            if (text == null) continue;
            List<Double> numbers = numbers(text);
            if (numbers.isEmpty()) {
                lines.accept(key + " must be a number for each channel such as 0.5,0.5,0.5, found '"
                        + Printable.quote(text) + "'; it is not used");
                continue;
            }
            // Pixels are in [0, 1], so a mean or standard deviation cannot exceed 1.
            boolean ofPixels = numbers.stream().anyMatch(number -> number > 1);
            pixels |= ofPixels;
            known.put(
                    key,
                    numbers.stream()
                            .map(number -> String.valueOf(ofPixels ? number / 255 : number))
                            .collect(Collectors.joining(",")));
        }
        if (pixels) lines.accept("mean and std are for pixels from 0 to 255; both are divided by 255");
        if (PIXELS.equals(facts.metadata().get(INPUT))) {
            // The model normalizes values from 0 to 255 itself.
            known.put(MEAN, "0.0,0.0,0.0");
            String unit = String.valueOf(1 / 255.0);
            known.put(STD, unit + "," + unit + "," + unit);
        }
        List<Long> shape = facts.inputShape();
        if (shape.size() == 4 && !known.containsKey(SIZE)) {
            int first = isChannelsLast(facts) ? 1 : 2;
            long height = shape.get(first);
            long width = shape.get(first + 1);
            if (height > 0 && width > 0) known.put(SIZE, height + "x" + width);
        }
        return known;
    }

    /** Parse numbers between commas, with or without brackets. Return an empty list if any part is not a number. */
    private static List<Double> numbers(String text) {
        try {
            return Stream.of(text.replaceAll("[\\[\\]()\\s]", "").split(","))
                    .map(Double::valueOf)
                    .toList();
        } catch (NumberFormatException e) {
            return List.of();
        }
    }
}
