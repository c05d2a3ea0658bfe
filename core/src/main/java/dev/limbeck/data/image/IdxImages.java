package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Read MNIST and data sets in its layout: {@code train-} and {@code t10k-images-idx3-ubyte} with their labels. */
public final class IdxImages {
    /** Names of Fashion-MNIST's ten classes in label order, as published. */
    public static final List<String> FASHION_CLASSES = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    private static final Map<String, Split> PREFIXES = Map.of("train", Split.TRAIN, "t10k", Split.TEST);
    private static final List<String> IMAGE_NAMES = List.of("images-idx3-ubyte", "images.idx3-ubyte");
    private static final List<String> LABEL_NAMES = List.of("labels-idx1-ubyte", "labels.idx1-ubyte");

    private IdxImages() {}

    /** Return whether a folder contains the training images of such a data set. */
    public static boolean isIn(Path folder) {
        return find(folder, "train", IMAGE_NAMES).isPresent();
    }

    /** Read a folder. The classes are digits, or Fashion-MNIST's if the name of the folder or its parent says so. */
    public static ImageSource of(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        int names = whole.getNameCount();
        boolean fashion = names > 0
                && whole.subpath(Math.max(0, names - 2), names)
                        .toString()
                        .toLowerCase(Locale.ROOT)
                        .contains("fashion");
        return of(folder, fashion ? FASHION_CLASSES : digits());
    }

    /**
     * Read a folder of files, optionally compressed by gzip. Gray values are repeated to RGB. By default, images keep
     * their size and are not augmented.
     *
     * @throws LimbeckException if a file is missing or damaged, or images and labels do not match
     */
    public static ImageSource of(Path folder, List<String> classNames) {
        List<PackedImages.Part> parts = new ArrayList<>();
        int height = 0;
        int width = 0;
        for (String prefix : List.of("train", "t10k")) {
            Optional<Path> imageFile = find(folder, prefix, IMAGE_NAMES);
            if (imageFile.isEmpty()) continue;
            Path labelFile = find(folder, prefix, LABEL_NAMES)
                    .orElseThrow(() -> new LimbeckException("found " + imageFile.get() + " without its labels; put "
                            + prefix + "-" + LABEL_NAMES.get(0) + ".gz beside it"));
            Idx images = Idx.read(imageFile.get(), 3);
            Idx labels = Idx.read(labelFile, 1);
            if (images.dims()[0] != labels.dims()[0]) {
                throw new LimbeckException(imageFile.get() + " holds " + images.dims()[0] + " images but " + labelFile
                        + " holds " + labels.dims()[0] + " labels");
            }
            if (parts.isEmpty()) {
                height = images.dims()[1];
                width = images.dims()[2];
            } else if (height != images.dims()[1] || width != images.dims()[2]) {
                throw new LimbeckException("expected images of " + height + "×" + width + " in " + imageFile.get()
                        + ", found " + images.dims()[1] + "×" + images.dims()[2]);
            }
            parts.add(new PackedImages.Part(
                    PREFIXES.get(prefix), images.values(), checked(labels.values(), classNames.size(), labelFile)));
        }
        if (parts.isEmpty()) {
            throw new LimbeckException("no train-" + IMAGE_NAMES.get(0) + "[.gz] in " + folder);
        }
        return new PackedImages(
                "IDX files in " + folder, classNames, 1, new ImageDefaults(height, width, false, 0), parts);
    }

    /** Return the names {@code 0} to {@code 9}. */
    static List<String> digits() {
        return IntStream.range(0, 10).mapToObj(Integer::toString).toList();
    }

    private static int[] checked(byte[] values, int classes, Path file) {
        int[] labels = new int[values.length];
        for (int i = 0; i < labels.length; i++) labels[i] = values[i] & 0xff;
        int highest = Arrays.stream(labels).max().orElse(0);
        if (highest >= classes) {
            throw new LimbeckException("expected labels 0 to " + (classes - 1) + " in " + file + ", found " + highest);
        }
        return labels;
    }

    private static Optional<Path> find(Path folder, String prefix, List<String> names) {
        return names.stream()
                .flatMap(name -> List.of("", ".gz").stream().map(end -> folder.resolve(prefix + "-" + name + end)))
                .filter(Files::isRegularFile)
                .findFirst();
    }
}
