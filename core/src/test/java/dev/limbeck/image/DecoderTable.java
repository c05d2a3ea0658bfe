package dev.limbeck.image;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Read unusual image files with their expected pixels, written by {@code bench/decoder_table.py}. */
public final class DecoderTable {
    private DecoderTable() {}

    /**
     * Hold one file.
     *
     * @param kind what is unusual about it
     * @param expected pillow: Pillow's pixels; ours: used if Pillow's result makes no sense; refused: with an error
     *     that contains {@code why}
     * @param most maximum difference of a sample in levels
     * @param rgb empty if the file is rejected
     */
    public record Row(
            String name,
            String kind,
            String expected,
            int most,
            String why,
            byte[] file,
            int width,
            int height,
            byte[] rgb) {
        public boolean isRefused() {
            return expected.equals("refused");
        }

        /** Return the largest difference from the expected pixels; 256 for another image size. */
        public int distance(RgbImage image) {
            if (image.width() != width || image.height() != height) return 256;
            int most = 0;
            for (int i = 0; i < rgb.length; i++) {
                most = Math.max(most, Math.abs((rgb[i] & 0xff) - (image.rgb()[i] & 0xff)));
            }
            return most;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    public static List<Row> rows() {
        try (InputStream file = DecoderTable.class.getResourceAsStream("/decoder-table.gz");
                DataInputStream in = new DataInputStream(new GZIPInputStream(file))) {
            List<Row> rows = new ArrayList<>();
            for (int count = in.readInt(); rows.size() < count; ) {
                String name = in.readUTF();
                String kind = in.readUTF();
                String expected = in.readUTF();
                int most = in.readInt();
                String why = in.readUTF();
                byte[] bytes = in.readNBytes(in.readInt());
                int width = in.readInt();
                int height = in.readInt();
                rows.add(new Row(
                        name, kind, expected, most, why, bytes, width, height, in.readNBytes(3 * width * height)));
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
