package dev.limbeck.tensor;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Run a test on convolutions that the engine itself computes wrongly in some layout, and on similar shapes: input and
 * output channels, kernel, image size, groups.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@CsvSource({
    "3, 4, 3, 8, 1",
    "3, 64, 7, 16, 1",
    "1, 6, 3, 8, 1",
    "5, 7, 3, 9, 1",
    "8, 8, 3, 8, 1",
    "64, 5, 1, 8, 1",
    "64, 64, 3, 1, 1",
    "16, 1, 1, 4, 1",
    "16, 16, 3, 8, 16",
    "17, 17, 3, 8, 17",
    "4, 4, 3, 1, 1",
    "6, 9, 1, 2, 3",
    "24, 40, 3, 8, 1",
    "58, 58, 3, 8, 1",
    "24, 24, 3, 1, 1",
    "1, 17, 3, 1, 1",
    "2, 4, 5, 8, 2",
    "32, 32, 3, 8, 8",
    "8, 16, 3, 8, 8",
    "32, 64, 3, 9, 32",
    "24, 48, 3, 8, 3",
    "48, 96, 3, 1, 2",
    "17, 3, 3, 8, 1",
    "256, 512, 1, 4, 1",
    "512, 64, 3, 7, 1",
    "128, 64, 3, 4, 1",
    "64, 40, 1, 7, 1",
    "96, 112, 1, 2, 1",
    "64, 512, 3, 2, 1",
    "64, 64, 1, 1, 1",
    "1, 64, 7, 14, 1"
})
@interface HardShapes {
    /** Compute the largest difference from the expected values relative to the largest expected value. */
    final class Difference {
        private Difference() {}

        static double of(double[] found, double[] expected) {
            double greatest = 0;
            double difference = 0;
            for (int i = 0; i < expected.length; i++) {
                greatest = Math.max(greatest, Math.abs(expected[i]));
                difference = Math.max(difference, Math.abs(expected[i] - found[i]));
            }
            return difference / greatest;
        }
    }
}
