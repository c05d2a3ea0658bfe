package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import dev.limbeck.image.RgbImage;

/**
 * Apply random operations out of fourteen, all with one magnitude.
 *
 * <p>Cubuk et al., RandAugment, NeurIPS 2020, with torchvision's ranges: shears up to 0.3, translations up to 150/331
 * of the side, rotations up to 30°, enhancements by up to ±0.9. Geometric operations use nearest-neighbor sampling and
 * fill with black.
 */
final class RandAugment {
    /** Maximum magnitude. */
    static final int MOST = 30;

    private static final int OPERATIONS = 14;

    private RandAugment() {}

    static RgbImage apply(RgbImage image, int steps, int magnitude, Draws draws) {
        RgbImage changed = image;
        for (int i = 0; i < steps; i++) {
            int operation = draws.nextInt(OPERATIONS);
            double strength = (double) magnitude / MOST;
            changed = operation(changed, operation, strength, draws.nextBoolean() ? 1 : -1);
        }
        return changed;
    }

    /**
     * Apply one operation.
     *
     * @param strength from 0 to 1
     * @param sign 1 or −1, for operations with two directions
     */
    static RgbImage operation(RgbImage image, int operation, double strength, int sign) {
        double enhanced = 1 + sign * 0.9 * strength;
        double shift = sign * strength * 150 / 331;
        return switch (operation) {
            case 0 -> image;
            case 1 -> affine(image, 1, sign * 0.3 * strength, 0, 0, 1, 0);
            case 2 -> affine(image, 1, 0, 0, sign * 0.3 * strength, 1, 0);
            case 3 -> affine(image, 1, 0, shift * image.width(), 0, 1, 0);
            case 4 -> affine(image, 1, 0, 0, 0, 1, shift * image.height());
            case 5 -> rotated(image, Math.toRadians(sign * 30 * strength));
            case 6 -> Colors.brightness(image, enhanced);
            case 7 -> Colors.saturation(image, enhanced);
            case 8 -> Colors.contrast(image, enhanced);
            case 9 -> Colors.sharpness(image, enhanced);
            case 10 -> Colors.posterize(image, 8 - (int) Math.round(4 * strength));
            case 11 -> Colors.solarize(image, 255 * (1 - strength));
            case 12 -> Colors.autocontrast(image);
            case 13 -> Colors.equalize(image);
            default -> throw new IllegalArgumentException("no operation " + operation);
        };
    }

    private static RgbImage rotated(RgbImage image, double angle) {
        return affine(image, Math.cos(angle), Math.sin(angle), 0, -Math.sin(angle), Math.cos(angle), 0);
    }

    /** Sample each pixel (x, y), relative to the center, from (a·x + b·y + c, d·x + e·y + f). */
    private static RgbImage affine(RgbImage image, double a, double b, double c, double d, double e, double f) {
        int width = image.width();
        int height = image.height();
        double centerX = (width - 1) / 2.0;
        double centerY = (height - 1) / 2.0;
        byte[] pixels = image.rgb();
        byte[] changed = new byte[pixels.length];
        for (int row = 0, to = 0; row < height; row++) {
            double y = row - centerY;
            for (int column = 0; column < width; column++, to += 3) {
                double x = column - centerX;
                long fromX = Math.round(a * x + b * y + c + centerX);
                long fromY = Math.round(d * x + e * y + f + centerY);
                if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) continue;
                System.arraycopy(pixels, (int) (3 * (fromY * width + fromX)), changed, to, 3);
            }
        }
        return new RgbImage(width, height, changed);
    }
}
