package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.fuzz.Harness;
import dev.limbeck.fuzz.Mutator;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.image.Exif;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.image.RgbImage;
import dev.limbeck.image.Vp8Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;

/** List the readers of images and data sets. */
public final class ImageTargets {
    /** Total memory for decoding a pixel: three bytes, a copy, and the reader's own buffers. */
    private static final long BYTES_PER_PIXEL = 40;

    /** Any file may declare 50 MB of pixels, which are decoded at least in part; readers hold several copies. */
    private static final long FREE = 320L << 20;

    private ImageTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        Mutator bytes = Mutators.bytes();
        return List.of(
                image("jpeg", Mutators.jpeg()),
                image("png", Mutators.png()),
                image("gif", bytes),
                image("bmp", bytes),
                image("tiff", bytes),
                image("webp", Mutators.riff()),
                image(
                        "any-image",
                        Mutators.bytes("BM", "P6\n9 9\n255\n", "GIF89a", "\u00ff\u00d8\u00ff", "II*\0", "ftypheic")),
                Target.of("exif", bytes, ImageTargets::exif),
                Target.of("vp8", bytes, ImageTargets::vp8).free(FREE).allowing(4000),
                Target.of("idx", bytes, ImageTargets::idx),
                Target.of("idx-gz", Mutators.gzip(bytes), ImageTargets::idx).allowing(3000),
                Target.of("cifar-pickle", Mutators.pickle(), ImageTargets::pickle)
                        .allowing(2000),
                Target.of("cifar-meta", Mutators.pickle(), ImageTargets::cifar)
                        .called("batches.meta")
                        .allowing(2000));
    }

    private static Target image(String name, Mutator mutator) {
        return Target.of(name, mutator, ImageTargets::decode).free(FREE).allowing(4000);
    }

    private static long decode(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        ImageFormat.of(Arrays.copyOf(all, Math.min(all.length, ImageFormat.HEAD)));
        RgbImage image = ImageDecoder.read(file);
        return BYTES_PER_PIXEL * image.width() * image.height();
    }

    private static long exif(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        Exif exif = new Exif();
        exif.addSegment(all, 0, all.length);
        int orientation = exif.orientation();
        if (orientation < 1 || orientation > 8) throw new IllegalStateException("orientation " + orientation);
        return 0;
    }

    /** Convert exceptions that {@link WebpFile} normally reports in one line. */
    private static long vp8(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        try {
            RgbImage image = Vp8Frame.read(all, 0, all.length);
            return BYTES_PER_PIXEL * image.width() * image.height();
        } catch (IOException | IndexOutOfBoundsException e) {
            throw new LimbeckException("refused", e);
        }
    }

    private static long idx(Path file) {
        try {
            Idx.read(file, 3);
        } catch (LimbeckException e) {
            Idx.read(file, 1);
        }
        return 0;
    }

    private static long pickle(Path file) throws IOException {
        try {
            CifarPickle.read(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new LimbeckException(String.valueOf(e.getMessage()), e);
        }
        return 0;
    }

    /** Use the input as the file of class names and as every batch of images. */
    private static long cifar(Path file) throws IOException {
        Path folder = Files.createDirectories(file.resolveSibling(Harness.OUT).resolve("cifar"));
        for (String name : List.of(
                "batches.meta",
                "data_batch_1",
                "data_batch_2",
                "data_batch_3",
                "data_batch_4",
                "data_batch_5",
                "test_batch")) {
            Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        CifarBatches.of(folder).classNames();
        return 0;
    }
}
