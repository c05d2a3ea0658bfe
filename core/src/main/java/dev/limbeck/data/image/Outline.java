package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import java.util.Arrays;

/**
 * Describe a filled outline by its crossings with horizontal lines. Sine and cosine come from StrictMath, and the rest
 * is plain arithmetic. Java defines both exactly, so the drawing is the same on every machine.
 */
interface Outline {
    /** Maximum number of crossings of an outline in this package. */
    int MOST_CROSSINGS = 12;

    /**
     * Compute the crossings at height y, ascending.
     *
     * @param xs receives the crossings
     * @return the number of crossings, which is even
     */
    int crossings(double y, double[] xs);

    /** Create an ellipse with half axes a and b, where a is rotated by an angle from the horizontal. */
    static Outline ellipse(double x, double y, double a, double b, double angle) {
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        // Quadratic form p·dx² + 2q·dx·dy + r·dy² ≤ 1 of the rotated ellipse.
        double p = cos * cos / (a * a) + sin * sin / (b * b);
        double q = cos * sin * (1 / (a * a) - 1 / (b * b));
        double r = sin * sin / (a * a) + cos * cos / (b * b);
        return (height, xs) -> {
            double dy = height - y;
            double root = q * q * dy * dy - p * (r * dy * dy - 1);
            if (root <= 0) return 0;
            xs[0] = x + (-q * dy - Math.sqrt(root)) / p;
            xs[1] = x + (-q * dy + Math.sqrt(root)) / p;
            return 2;
        };
    }

    /** Create a polygon from corners around the origin, scaled, rotated and moved to (x, y). */
    static Outline polygon(double x, double y, double scale, double angle, double... corners) {
        int count = corners.length / 2;
        double cos = scale * StrictMath.cos(angle);
        double sin = scale * StrictMath.sin(angle);
        double[] px = new double[count];
        double[] py = new double[count];
        for (int i = 0; i < count; i++) {
            px[i] = x + cos * corners[2 * i] - sin * corners[2 * i + 1];
            py[i] = y + sin * corners[2 * i] + cos * corners[2 * i + 1];
        }
        return (height, xs) -> {
            int found = 0;
            for (int i = 0, j = count - 1; i < count; j = i++) {
                if ((py[i] > height) != (py[j] > height)) {
                    xs[found++] = px[i] + (height - py[i]) / (py[j] - py[i]) * (px[j] - px[i]);
                }
            }
            Arrays.sort(xs, 0, found);
            return found;
        };
    }

    /**
     * Create a shape for a class of {@link Shapes}, with random proportions.
     *
     * @param radius approximate radius of the circumscribed circle
     */
    static Outline ofClass(int label, double x, double y, double radius, double angle, Draws draws) {
        return switch (label) {
            case 0 -> ellipse(x, y, 0.9 * radius, 0.9 * radius, 0);
            case 1 -> ellipse(x, y, radius, draws.between(0.68, 0.84) * radius, angle);
            case 2 -> polygon(x, y, 0.8 * radius, angle, -1, -1, 1, -1, 1, 1, -1, 1);
            case 3 -> {
                double narrow = draws.between(0.66, 0.82);
                yield polygon(x, y, 1.05 * radius, angle, -1, 0, 0, -narrow, 1, 0, 0, narrow);
            }
            case 4 -> star(5, x, y, radius, angle, draws.between(0.42, 0.55));
            case 5 -> star(6, x, y, radius, angle, draws.between(0.5, 0.62));
            case 6 -> cross(x, y, radius, angle, draws.between(0.22, 0.36), 0);
            case 7 -> cross(x, y, radius, angle, draws.between(0.22, 0.36), draws.between(0.24, 0.4));
            case 8 -> polygon(x, y, radius, angle, -0.9, 0.75, 0.9, 0.75, draws.between(-0.25, 0.25), -0.9);
            case 9 -> {
                double top = draws.between(0.2, 0.36);
                double lean = draws.between(-0.2, 0.2);
                yield polygon(x, y, radius, angle, -0.9, 0.7, 0.9, 0.7, lean + top, -0.75, lean - top, -0.75);
            }
            default -> throw new IllegalArgumentException("no shape " + label);
        };
    }

    private static Outline star(int points, double x, double y, double radius, double angle, double inner) {
        double[] corners = new double[4 * points];
        for (int i = 0; i < 2 * points; i++) {
            double reach = i % 2 == 0 ? 1 : inner;
            corners[2 * i] = reach * StrictMath.sin(i * Math.PI / points);
            corners[2 * i + 1] = -reach * StrictMath.cos(i * Math.PI / points);
        }
        return polygon(x, y, radius, angle, corners);
    }

    /** Create two crossing bars; one is shifted off the other's middle by {@code rise}. */
    private static Outline cross(double x, double y, double radius, double angle, double w, double rise) {
        return polygon(
                x, y, radius, angle, -w, -1, w, -1, w, -w - rise, 1, -w - rise, 1, w - rise, w, w - rise, w, 1, -w, 1,
                -w, w - rise, -1, w - rise, -1, -w - rise, -w, -w - rise);
    }
}
