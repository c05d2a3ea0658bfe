package dev.limbeck.bench;

import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Compare decoded images with the expected pixels. Each file {@code x} has a file {@code x.rgb} with width, height and
 * pixels beside it. Exits with 1 if a value differs by more than 1.
 */
final class DecodedPixels {
    private static final String EXPECTED = ".rgb";
    private static final int HEADER = 8;

    private DecodedPixels() {}

    public static void main(String... args) throws IOException {
        int largest = 0;
        try (Stream<Path> listed = Files.list(Path.of(args[0]))) {
            List<Path> files = listed.filter(file -> !file.toString().endsWith(EXPECTED))
                    .sorted()
                    .toList();
            for (Path file : files) {
                int difference = difference(file);
                System.out.println(file.getFileName() + ": largest difference " + difference);
                largest = Math.max(largest, difference);
            }
            System.out.println(files.size() + " files, largest difference " + largest);
        }
        if (largest > 1) System.exit(1);
    }

    private static int difference(Path file) throws IOException {
        ByteBuffer expected = ByteBuffer.wrap(Files.readAllBytes(file.resolveSibling(file.getFileName() + EXPECTED)))
                .order(ByteOrder.LITTLE_ENDIAN);
        RgbImage image = ImageDecoder.read(file);
        if (image.width() != expected.getInt() || image.height() != expected.getInt()) return Integer.MAX_VALUE;
        byte[] pixels = image.rgb();
        int largest = 0;
        for (int i = 0; i < pixels.length; i++) {
            largest = Math.max(largest, Math.abs((pixels[i] & 0xff) - (expected.get(HEADER + i) & 0xff)));
        }
        return largest;
    }
}
