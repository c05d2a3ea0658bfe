package dev.limbeck;

import java.util.Locale;

/**
 * Limit the work and memory that an untrusted file can cause. Each limit is far above what normal files need. A Java
 * system property overrides it: {@code LIMBECK_JAVA_OPTS=-Dlimbeck.limit.image-pixels=200000000}.
 */
public enum Limit {
    /** Maximum number of pixels of an image. */
    IMAGE_PIXELS(100_000_000),
    /** Maximum bytes of decoded pixels per byte of the file; 50 MB are always allowed in addition. */
    IMAGE_GROWTH(500),
    /** Maximum number of scans of a progressive JPEG; encoders write about ten. */
    JPEG_SCANS(100),
    /** Maximum number of pixels over all scans of a JPEG; 16 scans are always allowed. */
    JPEG_SCAN_PIXELS(1_000_000_000),
    /** Maximum bytes of a checkpoint without its tensors. */
    PICKLE_BYTES(64_000_000),
    /** Maximum bytes of memory for a pickle's values, in addition to twice the pickle's size. */
    PICKLE_MEMORY(64_000_000),
    /** Maximum number of tensors of a file. */
    TENSORS(100_000),
    /** Maximum number of dicts of tensors in a checkpoint. */
    TENSOR_MAPS(200),
    /** Maximum bytes of a safetensors header; the format itself allows 100 MB. */
    HEADER_BYTES(16_000_000),
    /** Maximum number of entries of an archive, in addition to one per 30 bytes of the archive. */
    ARCHIVE_ENTRIES(1_000),
    /** Maximum unpacked bytes per byte of an archive; 64 MiB are always allowed. */
    ARCHIVE_GROWTH(100),
    /** Maximum unpacked bytes per byte of a compressed IDX file; 64 MB are always allowed. */
    IDX_GROWTH(100),
    /** Maximum unpacked bytes per byte of a compressed table, whose text rarely shrinks to a twentieth; 1 MiB is always allowed. */
    TABLE_GROWTH(200),
    /** Maximum number of elements of a tensor that an ONNX operator fills. */
    ONNX_NUMBERS(1 << 28),
    /** Maximum bytes of a booster's file. */
    BOOSTER_BYTES(1_000_000_000),
    /** Maximum bytes of a server's answer. */
    ANSWER_BYTES(100_000_000),
    /** Maximum number of cells of a Parquet file or a query. */
    TABLE_CELLS(100_000_000);

    private static final String PREFIX = "limbeck.limit.";

    private final long standard;

    Limit(long standard) {
        this.standard = standard;
    }

    /** Return the name of the system property that overrides the limit. */
    public String property() {
        return PREFIX + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Return the limit.
     *
     * @throws LimbeckException if the property is set to anything but a positive integer
     */
    public long value() {
        String set = System.getProperty(property());
        if (set == null) return standard;
        try {
            long value = Long.parseLong(set.strip());
            if (value > 0) return value;
        } catch (NumberFormatException e) {
            // rejected below
        }
        throw new LimbeckException(
                "expected a positive integer for the property " + property() + ", found '" + set + "'");
    }

    /** Return the last part of an error message about an exceeded limit: how to raise the limit. */
    public String advice() {
        return "if the file is what it should be, raise the limit by LIMBECK_JAVA_OPTS=-D" + property() + "=…";
    }
}
