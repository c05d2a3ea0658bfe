package dev.limbeck.onnx;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Read which way up a JPEG is stored: the orientation tag of its EXIF data (EXIF 2.32, tag 0x0112). */
final class Orientation {
    private static final int UPRIGHT = 1;
    private static final int START = 0xffd8;
    private static final int APP1 = 0xffe1;
    private static final int SCAN = 0xffda;
    private static final int EXIF = 0x45786966;
    private static final int TAG = 0x0112;

    private Orientation() {}

    /** Return 1 to 8; 1, upright, for whatever does not say. */
    static int of(byte[] file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(file);
            if ((bytes.getShort() & 0xffff) != START) return UPRIGHT;
            while (true) {
                int marker = bytes.getShort() & 0xffff;
                if (marker == SCAN || marker >> 8 != 0xff) return UPRIGHT;
                int length = bytes.getShort() & 0xffff;
                int next = bytes.position() + length - 2;
                if (marker == APP1 && bytes.getInt() == EXIF) {
                    bytes.getShort();
                    int found = orientation(bytes.slice());
                    return found >= UPRIGHT && found <= 8 ? found : UPRIGHT;
                }
                bytes.position(next);
            }
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return UPRIGHT; // a damaged tag turns nothing
        }
    }

    /** Look through the first directory of the TIFF structure. */
    private static int orientation(ByteBuffer tiff) {
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        tiff.position(tiff.getInt(4));
        int entries = tiff.getShort() & 0xffff;
        for (int i = 0; i < entries; i++) {
            int entry = tiff.position();
            if ((tiff.getShort(entry) & 0xffff) == TAG) return tiff.getShort(entry + 8) & 0xffff;
            tiff.position(entry + 12);
        }
        return UPRIGHT;
    }
}
