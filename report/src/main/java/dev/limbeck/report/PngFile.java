package dev.limbeck.report;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.internal.chartpart.Chart;

/** Write a chart as a PNG file. */
final class PngFile {
    private PngFile() {}

    /** Write exactly the named file; an existing one is replaced, and folders are created. */
    static void write(Chart<?, ?> chart, Path file) {
        byte[] picture;
        try {
            picture = BitmapEncoder.getBitmapBytes(chart, BitmapEncoder.BitmapFormat.PNG);
        } catch (IOException e) {
            throw new LimbeckException("cannot draw the picture " + file + ": " + e.getMessage(), e);
        }
        AtomicFile.write(file, picture);
    }
}
