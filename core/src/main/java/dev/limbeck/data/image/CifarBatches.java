package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Read the Python version of CIFAR-10 and CIFAR-100, as described on cs.toronto.edu/~kriz/cifar.html: pickled
 * dictionaries with images as rows of 3072 bytes, channel by channel.
 */
public final class CifarBatches {
    private static final int SIDE = 32;
    private static final int IMAGE_BYTES = 3 * SIDE * SIDE;
    /** The largest file, CIFAR-100's training set, has 155 MB. */
    private static final long LARGEST_FILE = 256L << 20;

    private static final int LONGEST_NAME = 1_000;
    private static final ImageDefaults DEFAULTS = new ImageDefaults(SIDE, SIDE, true, 4);

    private record Layout(
            String meta, String classNames, String labels, Map<String, Split> files, List<String> order) {}

    private static final Layout TEN = new Layout(
            "batches.meta",
            "label_names",
            "labels",
            Map.of("test_batch", Split.TEST),
            List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"));
    private static final Layout HUNDRED =
            new Layout("meta", "fine_label_names", "fine_labels", Map.of("test", Split.TEST), List.of("train", "test"));

    private CifarBatches() {}

    /** Return whether a folder contains the files of CIFAR-10 or CIFAR-100. */
    public static boolean isIn(Path folder) {
        return holds(folder, TEN) || holds(folder, HUNDRED);
    }

    /**
     * Read CIFAR-10 or CIFAR-100, depending on the folder's files. CIFAR-100 has its 100 fine classes. By default,
     * images keep their 32×32 pixels and are augmented by flips and crops with a padding of 4.
     *
     * @throws LimbeckException if a file is missing or damaged
     */
    public static ImageSource of(Path folder) {
        if (!isIn(folder)) {
            throw new LimbeckException("no CIFAR batches in " + folder + "; expected the files data_batch_1 to 5, "
                    + "test_batch and batches.meta, or train, test and meta");
        }
        Layout layout = holds(folder, TEN) ? TEN : HUNDRED;
        List<String> classNames =
                strings(read(folder.resolve(layout.meta)), layout.classNames, folder.resolve(layout.meta));
        List<PackedImages.Part> parts = new ArrayList<>();
        for (String name : layout.order) {
            Path file = folder.resolve(name);
            if (!Files.isRegularFile(file)) throw damaged(file, "no such file", null);
            Map<?, ?> batch = read(file);
            int[] labels = labels(batch, layout.labels, classNames.size(), file);
            if (!(value(batch, "data") instanceof CifarPickle.NumpyBytes images)
                    || images.values().length != (long) labels.length * IMAGE_BYTES) {
                throw damaged(file, "expected " + labels.length + " images of " + IMAGE_BYTES + " bytes", null);
            }
            parts.add(new PackedImages.Part(layout.files.getOrDefault(name, Split.TRAIN), images.values(), labels));
        }
        return new PackedImages("CIFAR batches in " + folder, classNames, 3, DEFAULTS, List.copyOf(parts));
    }

    private static boolean holds(Path folder, Layout layout) {
        return Files.isRegularFile(folder.resolve(layout.meta))
                && Files.isRegularFile(folder.resolve(layout.order.get(0)));
    }

    private static Map<?, ?> read(Path file) {
        try {
            IoErrors.requireFetched(file);
            if (Files.size(file) > LARGEST_FILE) throw new IOException("it is larger than any CIFAR file");
            return CifarPickle.read(Files.readAllBytes(file));
        } catch (IOException e) {
            throw damaged(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static int[] labels(Map<?, ?> batch, String key, int classes, Path file) {
        if (!(value(batch, key) instanceof Collection<?> values)) {
            throw damaged(file, "no list '" + key + "'", null);
        }
        int[] labels = new int[values.size()];
        int i = 0;
        for (Object value : values) {
            int label = value instanceof Number number ? number.intValue() : -1;
            if (label < 0 || label >= classes) {
                throw damaged(
                        file,
                        "expected labels 0 to " + (classes - 1) + ", found "
                                + (value instanceof Number ? value : "something else"),
                        null);
            }
            labels[i++] = label;
        }
        return labels;
    }

    private static List<String> strings(Map<?, ?> map, String key, Path file) {
        if (!(value(map, key) instanceof Collection<?> values)) throw damaged(file, "no list '" + key + "'", null);
        List<String> names = new ArrayList<>();
        for (Object value : values) {
            // The same long string may appear a thousand times.
            boolean tooLong = value instanceof byte[] bytes && bytes.length > LONGEST_NAME
                    || value instanceof String name && name.length() > LONGEST_NAME;
            String text = tooLong ? "" : text(value);
            if (text.isEmpty()) throw damaged(file, "expected names in '" + key + "'", null);
            names.add(text);
        }
        return names;
    }

    /** Look up a key that Python 2 wrote as a string and Python 3 as bytes. */
    private static @Nullable Object value(Map<?, ?> map, String key) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (text(entry.getKey()).equals(key)) return entry.getValue();
        }
        return null;
    }

    /** Return the text of a string; empty for other types, whose text may be unbounded. */
    private static String text(@Nullable Object value) {
        if (value instanceof byte[] bytes) return new String(bytes, StandardCharsets.UTF_8);
        return value instanceof String text ? text : "";
    }

    private static LimbeckException damaged(Path file, String why, @Nullable Throwable cause) {
        return new LimbeckException("cannot read CIFAR file " + file + ": " + why + "; download it again", cause);
    }
}
