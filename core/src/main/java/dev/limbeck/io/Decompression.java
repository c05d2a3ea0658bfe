package dev.limbeck.io;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** Decompress gzip, bzip2, xz and zstd, detected by content. Each verifies its checksums at the end of the stream. */
final class Decompression {
    /** Read size in bytes. */
    static final int CHUNK = 1 << 16;

    /** Some servers compress a compressed file again. */
    private static final int MOST_LAYERS = 3;

    /** Preset 9 needs 65 MiB. */
    private static final int XZ_MEMORY_KIB = 100 << 10;

    private Decompression() {}

    static InputStream of(InputStream file) throws IOException {
        InputStream in = file;
        for (int layer = 0; layer < MOST_LAYERS; layer++) {
            in.mark(8);
            byte[] magic = in.readNBytes(6);
            in.reset();
            InputStream inner = decompressor(in, magic);
            if (inner == null) return in;
            in = new BufferedInputStream(inner, CHUNK);
        }
        return in;
    }

    private static @Nullable InputStream decompressor(InputStream in, byte[] magic) throws IOException {
        if (startsWith(magic, 0x1f, 0x8b)) {
            return GzipCompressorInputStream.builder()
                    .setInputStream(in)
                    .setDecompressConcatenated(true)
                    .get();
        }
        if (startsWith(magic, 'B', 'Z', 'h')) return new BZip2CompressorInputStream(in, true);
        if (startsWith(magic, 0xfd, '7', 'z', 'X', 'Z', 0)) return new XZInputStream(in, XZ_MEMORY_KIB);
        if (startsWith(magic, 0x28, 0xb5, 0x2f, 0xfd)) return new Checked(new ZstdInputStream(in));
        return null;
    }

    /** Convert unchecked exceptions, which the zstd reader throws for some damaged files. */
    private static final class Checked extends FilterInputStream {
        Checked(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            try {
                return in.read(bytes, offset, count);
            } catch (RuntimeException e) {
                throw new IOException("the zstd data is damaged", e);
            }
        }
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) return false;
        for (int i = 0; i < magic.length; i++) if ((bytes[i] & 0xff) != magic[i]) return false;
        return true;
    }
}
