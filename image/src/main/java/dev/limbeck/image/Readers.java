package dev.limbeck.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;

/** Open readers by name, so that a plugin on the class path cannot change decoded pixels. */
final class Readers {
    private static final String OF_JDK = "com.sun.imageio.plugins.";

    private Readers() {}

    /** Get an image from a reader. */
    interface Use {
        RgbImage take(ImageReader reader) throws IOException;
    }

    /** Read a file's bytes with the JDK's own reader for a format. */
    static RgbImage byJdk(String format, byte[] file, Use use) throws IOException {
        for (Iterator<ImageReader> all = ImageIO.getImageReadersByFormatName(format); all.hasNext(); ) {
            ImageReader reader = all.next();
            if (reader.getClass().getName().startsWith(OF_JDK))
                return read(reader, format, new ByteArrayImageInputStream(file), use);
            reader.dispose();
        }
        throw new IOException("this Java has no reader for " + format + "; expected one with the module java.desktop");
    }

    /** Read a file's bytes with a provider's reader. */
    static RgbImage by(ImageReaderSpi provider, String format, ImageInputStream file, Use use) throws IOException {
        return read(provider.createReaderInstance(), format, file, use);
    }

    /** Read an image. A reader's exception becomes the cause only, because its message describes the reader's code. */
    private static RgbImage read(ImageReader reader, String format, ImageInputStream file, Use use) throws IOException {
        try {
            reader.setInput(file, true, true);
            return use.take(reader);
        } catch (EOFException e) {
            throw new IOException("the " + format + " is cut short", e);
        } catch (IOException | RuntimeException e) {
            throw new IOException(
                    "the contents of the " + format + " are damaged or stored in a way that is not read; save it anew",
                    e);
        } finally {
            reader.dispose();
        }
    }
}
