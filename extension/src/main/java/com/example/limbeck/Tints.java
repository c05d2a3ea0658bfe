package com.example.limbeck;

import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.DatasetFiles;
import dev.limbeck.data.image.ImageDefaults;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.data.image.ImageSourceProvider;
import dev.limbeck.image.RgbImage;
import java.util.List;

/** Generate reddish, greenish or bluish noise of 16×16 pixels: 96 training images and 48 validation images. */
public final class Tints implements ImageSource {
    private static final int SIDE = 16;
    private static final int TRAIN = 96;
    private static final int VALID = 48;
    private static final List<String> COLORS = List.of("red", "green", "blue");

    @Override
    public List<String> classNames() {
        return COLORS;
    }

    @Override
    public int size() {
        return TRAIN + VALID;
    }

    @Override
    public int label(int index) {
        return index % COLORS.size();
    }

    @Override
    public Split split(int index) {
        return index < TRAIN ? Split.TRAIN : Split.VALID;
    }

    @Override
    public String name(int index) {
        return COLORS.get(label(index)) + "/" + index;
    }

    @Override
    public RgbImage load(int index) {
        Draws draws = Draws.of(7, index);
        byte[] pixels = new byte[3 * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (draws.nextInt(156) + (i % 3 == label(index) ? 100 : 0));
        }
        return new RgbImage(SIDE, SIDE, pixels);
    }

    @Override
    public long signature(int index) {
        return index;
    }

    @Override
    public boolean mayFail() {
        return false;
    }

    @Override
    public ImageDefaults defaults() {
        return new ImageDefaults(SIDE, SIDE, false, 0);
    }

    @Override
    public String origin() {
        return "drawn tints";
    }

    /** Register the images by name. */
    public static final class Named implements ImageSourceProvider {
        @Override
        public String name() {
            return "tints";
        }

        @Override
        public String summary() {
            return "drawn noise in three tints";
        }

        @Override
        public ImageSource open(DatasetFiles files) {
            return new Tints();
        }
    }
}
