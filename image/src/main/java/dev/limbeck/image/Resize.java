package dev.limbeck.image;

/** Choose how an image is fitted to another aspect ratio. */
public enum Resize {
    /** Scale both sides independently; nothing is cropped, shapes are distorted. */
    SQUISH,
    /** Keep the largest centered part with the target aspect ratio. */
    CROP,
    /** Scale the whole image to fit, center it, and pad with black. */
    PAD;

    /** Resize an image; return the same pixels if it already has that size. */
    public RgbImage apply(RgbImage image, int width, int height) {
        double across = (double) image.width() / width;
        double down = (double) image.height() / height;
        return switch (this) {
            case SQUISH -> Resampler.resize(image, width, height);
            case CROP -> {
                double scale = Math.min(across, down);
                double boxWidth = scale * width;
                double boxHeight = scale * height;
                yield Resampler.resize(
                        image,
                        (image.width() - boxWidth) / 2,
                        (image.height() - boxHeight) / 2,
                        boxWidth,
                        boxHeight,
                        width,
                        height);
            }
            case PAD -> {
                double scale = Math.max(across, down);
                int w = (int) Math.min(width, Math.max(1, Math.round(image.width() / scale)));
                int h = (int) Math.min(height, Math.max(1, Math.round(image.height() / scale)));
                yield centered(Resampler.resize(image, w, h), width, height);
            }
        };
    }

    /** Return the number of source pixels per target pixel along a side; below 1 if the image is enlarged. */
    public double shrinks(int imageWidth, int imageHeight, int width, int height) {
        double across = (double) imageWidth / width;
        double down = (double) imageHeight / height;
        return switch (this) {
            case SQUISH -> Math.sqrt(across * down);
            case CROP -> Math.min(across, down);
            case PAD -> Math.max(across, down);
        };
    }

    private static RgbImage centered(RgbImage image, int width, int height) {
        if (image.width() == width && image.height() == height) return image;
        byte[] canvas = new byte[3 * width * height];
        int left = (width - image.width()) / 2;
        int top = (height - image.height()) / 2;
        int row = 3 * image.width();
        for (int y = 0; y < image.height(); y++) {
            System.arraycopy(image.rgb(), y * row, canvas, 3 * ((top + y) * width + left), row);
        }
        return new RgbImage(width, height, canvas);
    }
}
