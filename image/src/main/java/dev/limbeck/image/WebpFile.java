package dev.limbeck.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * Read the first frame of a WebP file (RFC 9649) on its whole canvas. TwelveMonkeys decodes lossless images; {@link
 * Vp8Frame} decodes lossy ones, because TwelveMonkeys 3.12 filters blocks before others are predicted from them and
 * repeats chroma, with mean errors of 3 to 90 levels. Version 3.14 still has mean errors of 1 to 6 and single errors of
 * 50. Once a release matches libwebp's pixels, the Vp8 classes can be removed.
 */
final class WebpFile {
    private static final int VP8 = 0x20385056;
    private static final int VP8L = 0x4c385056;
    private static final int VP8X = 0x58385056;
    private static final int FRAME = 0x464d4e41;
    private static final int EXIF = 0x46495845;
    private static final int XMP = 0x20504d58;
    private static final int RIFF = 0x46464952;
    private static final int WEBP = 0x50424557;

    private static final int HEAD = 20;
    private static final int LOOK_AHEAD = 16;

    private final ByteBuffer bytes;
    private final Exif exif = new Exif();
    /** As in libwebp, the first chunk of each kind counts. */
    private boolean hasExif;

    private boolean hasXmp;

    private int canvasWidth;
    private int canvasHeight;
    private int left;
    private int top;
    private RgbImage frame;

    private WebpFile(byte[] file) {
        bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    static RgbImage read(byte[] file) throws IOException {
        try {
            return new WebpFile(file).read();
        } catch (IndexOutOfBoundsException e) {
            throw new EOFException("the WebP is cut short");
        }
    }

    private RgbImage read() throws IOException {
        long end = 8 + (bytes.getInt(4) & 0xffffffffL);
        if (end > bytes.limit()) throw new EOFException("the WebP is cut short");
        chunks(12, (int) end, false);
        if (frame == null) throw new IOException("the WebP has no image");
        return onCanvas().upright(exif.orientation());
    }

    /** Walk the chunks; frames nested in a frame are skipped, at any depth. */
    private void chunks(int from, int end, boolean inFrame) throws IOException {
        int at = from;
        while (at <= end - 8) {
            int kind = bytes.getInt(at);
            int data = at + 8;
            long next = data + (bytes.getInt(at + 4) & 0xffffffffL);
            if (next > end) throw new EOFException("the WebP is cut short");
            if (inFrame) pixels(kind, data, (int) next);
            else chunk(kind, data, (int) next);
            at = (int) (next + (next - data & 1));
        }
    }

    private void chunk(int kind, int data, int end) throws IOException {
        switch (kind) {
            case VP8X -> {
                canvasWidth = 1 + triple(data + 4);
                canvasHeight = 1 + triple(data + 7);
                ImageLimits.requireProportion(canvasWidth, canvasHeight, bytes.limit());
            }
            case FRAME -> {
                if (frame != null) return;
                left = 2 * triple(data);
                top = 2 * triple(data + 3);
                chunks(data + 16, end, true);
            }
            case EXIF -> {
                if (!hasExif) exif.addTiff(bytes.array(), data, end);
                hasExif = true;
            }
            case XMP -> {
                if (!hasXmp) exif.addXmp(bytes.array(), data, end);
                hasXmp = true;
            }
            default -> pixels(kind, data, end);
        }
    }

    private void pixels(int kind, int data, int end) throws IOException {
        if (frame != null) return;
        if (kind == VP8) frame = Vp8Frame.read(bytes.array(), data, end);
        if (kind == VP8L) frame = lossless(data, end);
    }

    private int triple(int at) {
        return bytes.getShort(at) & 0xffff | (bytes.get(at + 2) & 0xff) << 16;
    }

    private RgbImage lossless(int data, int end) throws IOException {
        int sizes = bytes.getInt(data + 1);
        return ImageLimits.decode(
                1 + (sizes & 0x3fff), 1 + (sizes >> 14 & 0x3fff), end - data, () -> alone(data, end - data));
    }

    /**
     * Decode a lossless chunk. The reader looks ahead, so zeros follow the data. Beyond them it would never stop, with
     * one exception per pixel.
     */
    private RgbImage alone(int data, int length) throws IOException {
        int padded = length + LOOK_AHEAD + (length & 1);
        ByteBuffer alone = ByteBuffer.allocate(HEAD + padded).order(ByteOrder.LITTLE_ENDIAN);
        alone.putInt(RIFF).putInt(HEAD - 8 + padded).putInt(WEBP).putInt(VP8L).putInt(padded);
        alone.put(bytes.array(), data, length);
        return Readers.by(
                new WebPImageReaderSpi(), "WebP", new Ending(alone.array()), reader -> RgbImage.of(reader.read(0)));
    }

    private RgbImage onCanvas() throws IOException {
        int width = frame.width();
        int height = frame.height();
        if (canvasWidth == 0 || canvasWidth == width && canvasHeight == height) return frame;
        if (left + width > canvasWidth || top + height > canvasHeight) {
            throw new IOException("the WebP has a frame that is larger than its canvas");
        }
        byte[] rgb = new byte[3 * canvasWidth * canvasHeight];
        for (int y = 0; y < height; y++) {
            System.arraycopy(frame.rgb(), 3 * y * width, rgb, 3 * ((top + y) * canvasWidth + left), 3 * width);
        }
        return new RgbImage(canvasWidth, canvasHeight, rgb);
    }

    /** Throw an {@link IOException} at the end of the data; the reader ignores an {@link EOFException}. */
    private static final class Ending extends ImageInputStreamImpl {
        private final byte[] data;

        Ending(byte[] data) {
            this.data = data;
        }

        @Override
        public int read() throws IOException {
            requireMore();
            bitOffset = 0;
            return data[(int) streamPos++] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int count) throws IOException {
            requireMore();
            bitOffset = 0;
            int length = (int) Math.min(count, data.length - streamPos);
            System.arraycopy(data, (int) streamPos, target, offset, length);
            streamPos += length;
            return length;
        }

        private void requireMore() throws IOException {
            if (streamPos >= data.length) throw new IOException("the WebP is cut short");
        }
    }
}
