package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.SavedModel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Hold what is known of the model in a file: first what the file says, over it what its user says.
 *
 * @param classNames in the order of its outputs; empty if they are not known
 * @param preparation of its inputs, as far as it is known, in the order in which it is said
 * @param channelsLast whether it takes N×H×W×3
 * @param blueFirst whether it takes blue, green and red
 * @param output what its numbers are; null to find it out
 * @param trusted whether Limbeck itself wrote what the output is
 * @param told takes a line about what is doubtful
 */
record FileSettings(
        List<String> classNames,
        Map<String, String> preparation,
        boolean channelsLast,
        boolean blueFirst,
        @Nullable TeacherOutput output,
        boolean trusted,
        ModelRole role,
        Consumer<String> told) {
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

    FileSettings {
        classNames = List.copyOf(classNames);
        preparation = Collections.unmodifiableMap(new LinkedHashMap<>(preparation));
    }

    /**
     * Read what a file says.
     *
     * @throws LimbeckException if one of its words is none that is known
     */
    static FileSettings of(Path file, ModelRuntime.Facts facts) {
        Map<String, String> metadata = facts.metadata();
        String output = metadata.get(OUTPUT);
        return new FileSettings(
                SavedModel.classNames(file, metadata.get(CLASSES)),
                preparation(facts),
                isChannelsLast(facts),
                Boolean.TRUE.equals(isSecond(facts, CHANNELS, RGB, BGR)),
                output == null ? null : TeacherOutput.of(output),
                SavedModel.isOurs(metadata),
                ModelRole.TEACHER,
                LoggerFactory.getLogger(FileTeacher.class)::warn);
    }

    FileSettings named(List<String> names) {
        return new FileSettings(names, preparation, channelsLast, blueFirst, output, trusted, role, told);
    }

    FileSettings seeing(Map<String, String> other) {
        Map<String, String> all = new LinkedHashMap<>(preparation);
        all.putAll(other);
        return new FileSettings(classNames, all, channelsLast, blueFirst, output, trusted, role, told);
    }

    FileSettings laidOut(boolean lastChannels, boolean firstBlue) {
        return new FileSettings(classNames, preparation, lastChannels, firstBlue, output, trusted, role, told);
    }

    FileSettings giving(@Nullable TeacherOutput what) {
        return new FileSettings(classNames, preparation, channelsLast, blueFirst, what, false, role, told);
    }

    FileSettings usedAs(ModelRole what, Consumer<String> lines) {
        return new FileSettings(classNames, preparation, channelsLast, blueFirst, output, trusted, what, lines);
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
}
