package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Generate a small data set: ten filled shapes in five similar pairs on 32×32 pixels. Position, size, angle and colors
 * are random; the background is uneven and noisy, and a bar hides part of each shape. No download is needed. The same
 * seed gives the same bytes on every machine and JDK.
 */
public final class Shapes implements ImageSource {
    /** Image side in pixels. */
    public static final int SIDE = 32;

    private static final List<String> CLASSES = List.of(
            "circle",
            "ellipse",
            "square",
            "rhombus",
            "five-pointed star",
            "six-pointed star",
            "plus",
            "cross",
            "triangle",
            "trapezoid");
    private static final ImageDefaults DEFAULTS = new ImageDefaults(SIDE, SIDE, false, 0);
    /** The seed of shapes opened by name. */
    static final long NAMED_SEED = 42;

    private static final Pattern COUNTS = Pattern.compile("(\\d{1,7}):(\\d{1,7}):(\\d{1,7})");
    private static final int SAMPLES = 4;
    private static final double FULL = SAMPLES * SAMPLES;

    private final int train;
    private final int valid;
    private final int test;
    private final long seed;

    private Shapes(int train, int valid, int test, long seed) {
        this.train = train;
        this.valid = valid;
        this.test = test;
        this.seed = seed;
    }

    /** Generate training images. A validation split is drawn from them at random. */
    public static Shapes source(int count, long seed) {
        return source(count, 0, 0, seed);
    }

    /**
     * Generate three splits. An image depends only on the seed, its split and its index, so a larger split keeps the
     * other images.
     *
     * @throws LimbeckException if a count is negative or there are fewer than ten training images
     */
    public static Shapes source(int train, int valid, int test, long seed) {
        if (train < CLASSES.size() || valid < 0 || test < 0 || (long) train + valid + test > Integer.MAX_VALUE) {
            throw new LimbeckException("shapes need at least " + CLASSES.size() + " training images and no negative "
                    + "counts, found " + train + ", " + valid + ", " + test);
        }
        return new Shapes(train, valid, test, seed);
    }

    @Override
    public List<String> classNames() {
        return CLASSES;
    }

    @Override
    public int size() {
        return train + valid + test;
    }

    @Override
    public Split split(int index) {
        if (index < train) return Split.TRAIN;
        return index < train + valid ? Split.VALID : Split.TEST;
    }

    @Override
    public int label(int index) {
        return place(index) % CLASSES.size();
    }

    @Override
    public String name(int index) {
        return String.format(Locale.ROOT, "%s/%06d", split(index).label(), place(index));
    }

    @Override
    public RgbImage load(int index) {
        return draw(label(index), Draws.of(seed, split(index).ordinal(), place(index)));
    }

    /** Return the seed. With the name it determines the image. */
    @Override
    public long signature(int index) {
        return seed;
    }

    @Override
    public boolean mayFail() {
        return false;
    }

    @Override
    public ImageDefaults defaults() {
        return DEFAULTS;
    }

    @Override
    public String origin() {
        return "drawn shapes, seed " + seed;
    }

    private int place(int index) {
        return switch (split(index)) {
            case TRAIN -> index;
            case VALID -> index - train;
            case TEST -> index - train - valid;
        };
    }

    private static RgbImage draw(int label, Draws draws) {
        double[] ground = color(draws, 10, 120);
        double[] slope = {draws.between(-1.5, 1.5), draws.between(-1.5, 1.5)};
        double[] canvas = new double[3 * SIDE * SIDE];
        for (int i = 0; i < SIDE * SIDE; i++) {
            double lift = slope[0] * (i % SIDE - SIDE / 2) + slope[1] * (i / SIDE - SIDE / 2);
            for (int c = 0; c < 3; c++) canvas[3 * i + c] = ground[c] + lift;
        }
        double radius = draws.between(7.5, 13);
        double x = draws.between(0.85 * radius, SIDE - 0.85 * radius);
        double y = draws.between(0.85 * radius, SIDE - 0.85 * radius);
        double angle = draws.between(0, 2 * Math.PI);
        double[] paint = color(draws, 120, 245);
        fill(canvas, Outline.ofClass(label, x, y, radius, angle, draws), paint);
        if (draws.nextDouble() < 0.7) cover(canvas, x, y, radius, draws);
        return new RgbImage(SIDE, SIDE, noisy(canvas, draws.between(6, 30), draws));
    }

    /** Cover part of the shape with a bar. */
    private static void cover(double[] canvas, double x, double y, double radius, Draws draws) {
        double angle = draws.between(0, 2 * Math.PI);
        double away = draws.between(-0.9, 0.9) * radius;
        double length = draws.between(0.4, 1.3) * radius;
        double width = draws.between(0.12, 0.3) * radius;
        Outline bar = Outline.polygon(
                x - away * StrictMath.sin(angle),
                y + away * StrictMath.cos(angle),
                1,
                angle,
                -length,
                -width,
                length,
                -width,
                length,
                width,
                -length,
                width);
        fill(canvas, bar, color(draws, 10, 245));
    }

    /** Blend a color in, by the share of each pixel's sample points inside the outline. */
    private static void fill(double[] canvas, Outline outline, double[] paint) {
        double[] xs = new double[Outline.MOST_CROSSINGS];
        for (int y = 0; y < SIDE; y++) {
            int[] inside = new int[SIDE];
            for (int line = 0; line < SAMPLES; line++) {
                int found = outline.crossings(y + (line + 0.5) / SAMPLES, xs);
                for (int i = 0; i + 1 < found; i += 2) {
                    int to = column(xs[i + 1]);
                    for (int column = column(xs[i]); column < to; column++) inside[column / SAMPLES]++;
                }
            }
            for (int x = 0; x < SIDE; x++) {
                if (inside[x] == 0) continue;
                double share = inside[x] / FULL;
                int at = 3 * (y * SIDE + x);
                for (int c = 0; c < 3; c++) canvas[at + c] += share * (paint[c] - canvas[at + c]);
            }
        }
    }

    /** Return the first sample column with a center at or right of x. */
    private static int column(double x) {
        return (int) Math.max(0, Math.min(SIDE * SAMPLES, Math.ceil(x * SAMPLES - 0.5)));
    }

    private static double[] color(Draws draws, double darkest, double brightest) {
        return new double[] {
            draws.between(darkest, brightest), draws.between(darkest, brightest), draws.between(darkest, brightest)
        };
    }

    /** Add approximately normal noise (the sum of four uniform draws) and round to bytes. */
    private static byte[] noisy(double[] canvas, double deviation, Draws draws) {
        // Each 16-bit part of a draw is uniform; the sum of four has a standard deviation of 65536 / √3.
        double factor = deviation * Math.sqrt(3) / 65536;
        byte[] rgb = new byte[canvas.length];
        for (int i = 0; i < rgb.length; i++) {
            long bits = draws.nextLong();
            long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
            double value = canvas[i] + factor * (sum - 131070);
            rgb[i] = (byte) (int) Math.max(0, Math.min(255, value + 0.5));
        }
        return rgb;
    }

    /**
     * Register shapes: {@code shapes} generates 6,000 + 1,000 + 2,000, {@code shapes:1200:0:2000} the given numbers.
     */
    public static final class Named implements ImageSourceProvider {
        @Override
        public String name() {
            return "shapes";
        }

        @Override
        public String summary() {
            return "generated, 32×32 in 10 classes; shapes:1200:0:2000 sets the number of images per split";
        }

        @Override
        public ImageSource open(DatasetFiles files) {
            return source(6000, 1000, 2000, NAMED_SEED);
        }

        @Override
        public ImageSource open(String arguments, DatasetFiles files) {
            Matcher counts = COUNTS.matcher(arguments);
            if (!counts.matches()) {
                throw new LimbeckException(
                        "shapes takes three numbers of images, for training, validation and test, such "
                                + "as shapes:1200:0:2000, found '" + arguments + "'");
            }
            return source(
                    Integer.parseInt(counts.group(1)),
                    Integer.parseInt(counts.group(2)),
                    Integer.parseInt(counts.group(3)),
                    NAMED_SEED);
        }
    }
}
