package dev.limbeck;

import java.util.Locale;

/**
 * Bound the work and memory that a file from elsewhere may ask for. Each limit lies well above what honest files need; where
 * one does not, a Java system property raises it: {@code LIMBECK_JAVA_OPTS=-Dlimbeck.limit.image-pixels=200000000}.
 */
public enum Limit {
    /** The most pixels of an image. */
    IMAGE_PIXELS(100_000_000),
    /** The most bytes that an image's pixels take for each byte of its file, beyond 50 MB, which are always allowed. */
    IMAGE_GROWTH(500),
    /** The most scans of a progressive JPEG; programs write about ten. */
    JPEG_SCANS(100),
    /** The most pixels that the scans of a JPEG go over in all; 16 scans are always allowed. */
    JPEG_SCAN_PIXELS(1_000_000_000),
    /** The most bytes of a checkpoint without its tensors. */
    PICKLE_BYTES(64_000_000),
    /** The most bytes of memory for a pickle's values, beyond twice its own bytes. */
    PICKLE_MEMORY(64_000_000),
    /** The most tensors of a file. */
    TENSORS(100_000),
    /** The most maps of tensors in a checkpoint. */
    TENSOR_MAPS(200),
    /** The most bytes of a safetensors header; the format itself allows 100 MB. */
    HEADER_BYTES(16_000_000),
    /** The most entries of an archive, beside one for each 30 of its bytes. */
    ARCHIVE_ENTRIES(1_000),
    /** The most bytes that an archive unpacks to for each of its own; 64 MiB are always allowed. */
    ARCHIVE_GROWTH(100),
    /** The most bytes that a compressed IDX file unpacks to for each of its own; 64 MB are always allowed. */
    IDX_GROWTH(100),
    /** The most numbers of a tensor that an operator of an ONNX file fills. */
    ONNX_NUMBERS(1 << 28);

    private static final String PREFIX = "limbeck.limit.";

    private final long standard;

    Limit(long standard) {
        this.standard = standard;
    }

    /** Return the name of the property that changes the limit. */
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
            // refused below
        }
        throw new LimbeckException(
                "expected a positive integer for the property " + property() + ", found '" + set + "'");
    }

    /** Say how the limit is raised: the end of a message about a file that exceeds it. */
    public String advice() {
        return "if the file is what it should be, raise the limit by LIMBECK_JAVA_OPTS=-D" + property() + "=…";
    }
}
