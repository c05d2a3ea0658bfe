package dev.limbeck.data.image;

import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;

/** Serve images of one size from memory, in channel-first layout as in data set files. */
final class PackedImages implements ImageSource {
    /**
     * Hold the images of one file.
     *
     * @param values count × channels × height × width
     */
    record Part(Split split, byte[] values, int[] labels) {}

    private final String origin;
    private final List<String> classNames;
    private final int channels;
    private final List<Part> parts;
    private final ImageDefaults defaults;
    private final int size;

    /**
     * Create a source from parts. The arrays are not copied.
     *
     * @param channels 1 for gray, 3 for RGB
     * @param defaults height and width must be those of the images
     */
    PackedImages(String origin, List<String> classNames, int channels, ImageDefaults defaults, List<Part> parts) {
        this.origin = origin;
        this.classNames = classNames;
        this.channels = channels;
        this.defaults = defaults;
        this.parts = parts;
        size = parts.stream().mapToInt(part -> part.labels.length).sum();
    }

    private record Place(Part part, int index) {}

    private Place place(int index) {
        int left = index;
        for (Part part : parts) {
            if (left < part.labels.length) return new Place(part, left);
            left -= part.labels.length;
        }
        throw new IndexOutOfBoundsException("no image " + index + " among " + size);
    }

    private int planeBytes() {
        return defaults.height() * defaults.width();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int label(int index) {
        Place place = place(index);
        return place.part.labels[place.index];
    }

    @Override
    public String name(int index) {
        return String.format(Locale.ROOT, "%s/%06d", split(index).label(), index);
    }

    @Override
    public Split split(int index) {
        return place(index).part.split;
    }

    @Override
    public RgbImage load(int index) {
        Place place = place(index);
        int plane = planeBytes();
        int offset = place.index * channels * plane;
        byte[] values = place.part.values;
        if (channels == 1) return RgbImage.ofGray(defaults.width(), defaults.height(), values, offset);
        byte[] rgb = new byte[3 * plane];
        for (int c = 0; c < 3; c++) {
            int from = offset + c * plane;
            for (int i = 0; i < plane; i++) rgb[3 * i + c] = values[from + i];
        }
        return new RgbImage(defaults.width(), defaults.height(), rgb);
    }

    @Override
    public long signature(int index) {
        Place place = place(index);
        int bytes = channels * planeBytes();
        CRC32 crc = new CRC32();
        crc.update(place.part.values, place.index * bytes, bytes);
        return crc.getValue();
    }

    @Override
    public boolean mayFail() {
        return false;
    }

    @Override
    public boolean inMemory() {
        return true;
    }

    @Override
    public ImageDefaults defaults() {
        return defaults;
    }

    @Override
    public String origin() {
        return origin;
    }
}
