package dev.limbeck.data.image;

import java.util.List;

/** Look at a JPEG file's markers (ITU-T T.81, annex B): is it whole, and may it say how the camera was held. */
final class JpegFile {
    private static final int START_OF_IMAGE = 0xd8;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int START_OF_SCAN = 0xda;
    private static final int APP1 = 0xe1;
    private static final List<Integer> WITHOUT_LENGTH = List.of(0x01, START_OF_IMAGE);

    private JpegFile() {}

    static boolean isJpeg(byte[] file) {
        return file.length >= 3 && at(file, 0) == 0xff && at(file, 1) == START_OF_IMAGE && at(file, 2) == 0xff;
    }

    /**
     * Return whether an end marker follows the image data. The decoders fill a missing rest with grey and at most warn;
     * the end marker of a thumbnail, which comes before the scan, does not count.
     */
    static boolean isWhole(byte[] file) {
        int scan = find(file, START_OF_SCAN);
        if (scan < 0) return false;
        for (int i = file.length - 2; i > scan; i--) {
            if (at(file, i) == 0xff && at(file, i + 1) == END_OF_IMAGE) return true;
        }
        return false;
    }

    /** Return whether there is a segment that may hold EXIF data. */
    static boolean hasExif(byte[] file) {
        return find(file, APP1) >= 0;
    }

    /** Return where a marker stands before or at the first scan, −1 if it does not. */
    private static int find(byte[] file, int wanted) {
        int i = 0;
        while (i + 1 < file.length && at(file, i) == 0xff) {
            int marker = at(file, i + 1);
            if (marker == wanted) return i;
            if (marker == START_OF_SCAN) return -1;
            if (marker == 0xff) {
                i++;
            } else if (WITHOUT_LENGTH.contains(marker)) {
                i += 2;
            } else {
                if (i + 3 >= file.length) return -1;
                i += 2 + (at(file, i + 2) << 8 | at(file, i + 3));
            }
        }
        return -1;
    }

    private static int at(byte[] file, int index) {
        return file[index] & 0xff;
    }
}
