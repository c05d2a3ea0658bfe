package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.IoErrors;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * Hold the contents of an IDX file of unsigned bytes, the format of MNIST (described on yann.lecun.com/exdb/mnist): two
 * zero bytes, a type byte, the number of dimensions, their sizes as big-endian 32-bit integers, then the values.
 *
 * @param dims sizes, outermost first
 * @param values values, row-major
 */
public record Idx(int[] dims, byte[] values) {
    private static final int UNSIGNED_BYTE = 0x08;
    private static final long ALWAYS_ALLOWED = 64_000_000;
    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    /**
     * Read a file, optionally compressed by gzip.
     *
     * @param dimensions required number of dimensions: 3 for images, 1 for labels
     * @throws LimbeckException if the file is missing, has another format, or its length does not match its header
     */
    public static Idx read(Path file, int dimensions) {
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file))) {
            raw.mark(2);
            boolean compressed = raw.read() == GZIP_FIRST && raw.read() == GZIP_SECOND;
            raw.reset();
            IoErrors.requireFetched(file);
            long most = Files.size(file);
            if (compressed) most = Math.max(ALWAYS_ALLOWED, most * Limit.IDX_GROWTH.value());
            return read(new DataInputStream(compressed ? new GZIPInputStream(raw) : raw), dimensions, most, file);
        } catch (EOFException e) {
            throw new LimbeckException("IDX file " + file + " is truncated; download it again", e);
        } catch (IOException e) {
            throw new LimbeckException("cannot read IDX file " + file + ": " + e.getMessage(), e);
        }
    }

    private static Idx read(DataInputStream in, int dimensions, long most, Path file) throws IOException {
        int magic = in.readInt();
        int wanted = UNSIGNED_BYTE << 8 | dimensions;
        if (magic != wanted) {
            throw new LimbeckException(String.format(
                    "%s is not an IDX file of unsigned bytes in %d dimensions: expected the first bytes %08x, found %08x",
                    file, dimensions, wanted, magic));
        }
        int[] dims = new int[dimensions];
        long count = 1;
        for (int i = 0; i < dimensions; i++) {
            dims[i] = in.readInt();
            if (dims[i] < 1 || (count *= dims[i]) > Math.min(most, Integer.MAX_VALUE - 8)) {
                throw new LimbeckException("IDX file " + file + " declares sizes " + Arrays.toString(dims)
                        + ", more than its bytes; download it again; or " + Limit.IDX_GROWTH.advice());
            }
        }
        byte[] values = in.readNBytes((int) count);
        if (values.length < count) throw new EOFException();
        if (in.read() >= 0) {
            throw new LimbeckException("IDX file " + file + " goes on after the " + count + " values it declares");
        }
        return new Idx(dims, values);
    }
}
