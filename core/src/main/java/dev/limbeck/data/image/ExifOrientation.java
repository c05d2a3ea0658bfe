package dev.limbeck.data.image;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;

/** Read how the camera was held. Apart from the decoder, which limbeck-predict has without the library used here. */
final class ExifOrientation {
    private ExifOrientation() {}

    /** Return the EXIF orientation of a JPEG, 1 to 8; 1 where there is none or its block is damaged. */
    static int of(byte[] jpeg) {
        if (!JpegFile.hasExif(jpeg)) return 1;
        try {
            Metadata metadata =
                    JpegMetadataReader.readMetadata(new ByteArrayInputStream(jpeg), List.of(new ExifReader()));
            ExifIFD0Directory directory = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
            Integer tag = directory == null ? null : directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return tag == null ? 1 : tag;
        } catch (IOException | JpegProcessingException e) {
            return 1;
        }
    }
}
