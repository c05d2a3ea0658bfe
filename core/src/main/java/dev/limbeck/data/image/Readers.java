package dev.limbeck.data.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.ImageReaderSpi;

/** Open readers by name, so that a plugin on the class path never changes what an image's pixels are. */
final class Readers {
    private static final String OF_JDK = "com.sun.imageio.plugins.";

    private Readers() {}

    /** Open the JDK's own reader of a format on a file's bytes. */
    static ImageReader ofJdk(String format, byte[] file) throws IOException {
        for (Iterator<ImageReader> all = ImageIO.getImageReadersByFormatName(format); all.hasNext(); ) {
            ImageReader reader = all.next();
            if (reader.getClass().getName().startsWith(OF_JDK)) return open(reader, file);
            reader.dispose();
        }
        throw new IOException("this Java has no reader for " + format + "; expected one with the module java.desktop");
    }

    /** Open a reader on a file's bytes. */
    static ImageReader open(ImageReaderSpi provider, byte[] file) throws IOException {
        return open(provider.createReaderInstance(), file);
    }

    private static ImageReader open(ImageReader reader, byte[] file) {
        reader.setInput(new ByteArrayImageInputStream(file), true, true);
        return reader;
    }
}
