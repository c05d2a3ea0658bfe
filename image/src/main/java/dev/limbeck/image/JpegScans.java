package dev.limbeck.image;

import dev.limbeck.Limit;
import java.io.IOException;

/**
 * Count the scans of a JPEG before decoding. Each scan covers the whole image but may take only a few bytes of the
 * file, so a file of a few hundred KB may take minutes. Encoders write about ten.
 */
final class JpegScans {
    private static final int START_OF_SCAN = 0xda;
    private static final int START_OF_IMAGE = 0xd8;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int FIRST_RESTART = 0xd0;
    /** Marker without a segment. */
    private static final int ALONE = 1;

    /** Allowed at any image size; encoders do not write more. */
    private static final int ALWAYS_ALLOWED = 16;

    private JpegScans() {}

    /**
     * Check the scans between two offsets of a file.
     *
     * @param pixels number of pixels of the image
     */
    static void check(byte[] file, int from, int to, long pixels) throws IOException {
        long most = Math.max(
                ALWAYS_ALLOWED,
                Math.min(Limit.JPEG_SCANS.value(), Limit.JPEG_SCAN_PIXELS.value() / Math.max(1, pixels)));
        long scans = 0;
        int i = from;
        while (i < to - 3) {
            int marker = file[i] == -1 ? file[i + 1] & 0xff : 0;
            if (marker == END_OF_IMAGE) return;
            if (marker <= ALONE || marker >= FIRST_RESTART && marker <= START_OF_IMAGE || marker == 0xff) {
                i++;
                continue;
            }
            if (marker == START_OF_SCAN && ++scans > most) {
                throw new IOException("the JPEG goes over its " + pixels + " pixels in more than " + most
                        + " scans; save it anew; or " + Limit.JPEG_SCANS.advice() + " and "
                        + Limit.JPEG_SCAN_PIXELS.property());
            }
            i += 2 + Math.max(2, (file[i + 2] & 0xff) << 8 | file[i + 3] & 0xff);
        }
    }
}
