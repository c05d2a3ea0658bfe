package dev.limbeck.io;

import dev.limbeck.io.EntryNames.Name;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.apache.commons.compress.utils.ArchiveUtils;
import org.jspecify.annotations.Nullable;

/**
 * Read a tar archive with raw names, verify the checksum of every header, and distinguish its end from a truncation.
 *
 * <p>Source: POSIX.1-2017, pax; the GNU tar manual, "Basic Tar Format".
 */
final class RawTar extends TarArchiveInputStream {
    /** GNU tar's types without a name in the library. */
    static final byte VOLUME_LABEL = 'V';

    private static final byte DUMP_FOLDER = 'D';
    private static final int RECORD = TarConstants.DEFAULT_RCDSIZE;
    private static final int SIZE_OFFSET = 124;
    private static final int LONGEST_PAX = 1 << 20;

    /** Global headers apply to all entries, and each pays for them. The longest one of common programs has 52 bytes. */
    private static final int LONGEST_GLOBAL = 1_024;
    /** Maximum number of headers per entry. */
    private static final int MOST_HEADERS = 16;

    private final Charset charset;
    private final HeaderStream plain;
    private final byte[] chunk = new byte[Decompression.CHUNK];
    /** Contents of the extended header before the next entry. */
    private final ByteArrayOutputStream pax = new ByteArrayOutputStream();

    private int depth;
    private byte type;
    private boolean ended;

    /**
     * Open an archive.
     *
     * @param charset character set of names in plain headers; those in extended headers are UTF-8
     */
    RawTar(HeaderStream plain, Charset charset) {
        // Maps every byte to the character of its number, and back.
        super(plain, RECORD, RECORD, StandardCharsets.ISO_8859_1.name());
        this.charset = charset;
        this.plain = plain;
    }

    @Override
    public TarArchiveEntry getNextEntry() throws IOException {
        // Headers that extend others call this again for those.
        if (depth++ == 0) {
            pax.reset();
            readRest();
        }
        if (depth > MOST_HEADERS) throw new IOException("an entry has more than " + MOST_HEADERS + " headers");
        plain.describes(true);
        try {
            TarArchiveEntry entry = super.getNextEntry();
            if (type == DUMP_FOLDER && entry != null) {
                // The file list of a folder in GNU's incremental archives, which the library treats as empty.
                plain.describes(false);
                in.skipNBytes((entry.getSize() + getRecordSize() - 1) / getRecordSize() * getRecordSize());
            }
            type = 0;
            return entry;
        } finally {
            depth--;
            if (depth == 0) plain.describes(false);
        }
    }

    /** Read the rest of the previous entry, which is not part of the next one's description. */
    private void readRest() throws IOException {
        TarArchiveEntry entry = getCurrentEntry();
        if (entry == null || entry.isSparse()) return;
        while (read(chunk, 0, chunk.length) > 0) {
            // skipped
        }
    }

    @Override
    protected byte[] readRecord() throws IOException {
        byte[] record = super.readRecord();
        if (record == null || ended) return record;
        if (ArchiveUtils.isArrayZero(record, record.length)) {
            ended = true;
            return record;
        }
        // The continuation of a sparse file's header has no checksum.
        boolean continued = type == TarConstants.LF_GNUTYPE_SPARSE;
        if (!continued && !TarUtils.verifyCheckSum(record)) throw new IOException("a header's checksum is wrong");
        if (!continued) type = record[TarConstants.LF_OFFSET];
        if (type == TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER
                && TarUtils.parseOctalOrBinary(record, SIZE_OFFSET, TarConstants.SIZELEN) > LONGEST_GLOBAL) {
            throw new IOException("a global header takes more than " + LONGEST_GLOBAL + " bytes");
        }
        return record;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        int read = super.read(target, offset, count);
        boolean extended =
                type == TarConstants.LF_PAX_EXTENDED_HEADER_LC || type == TarConstants.LF_PAX_EXTENDED_HEADER_UC;
        if (extended && read > 0 && pax.size() < LONGEST_PAX) pax.write(target, offset, read);
        return read;
    }

    /** Return whether the final zero block was read. */
    boolean ended() {
        return ended;
    }

    Name name(TarArchiveEntry entry) throws CharacterCodingException {
        byte[] sparse = extended("GNU.sparse.name");
        return name(sparse == null ? extended("path") : sparse, entry.getName());
    }

    Name target(TarArchiveEntry entry) throws CharacterCodingException {
        return name(extended("linkpath"), entry.getLinkName());
    }

    private Name name(byte @Nullable [] extended, String plain) throws CharacterCodingException {
        if (extended != null && EntryNames.isUtf8(extended)) return Name.sure(extended);
        return EntryNames.decode(extended == null ? plain.getBytes(StandardCharsets.ISO_8859_1) : extended, charset);
    }

    /** Find a value in records of the form {@code length key=value newline}. The last one counts. */
    private byte @Nullable [] extended(String key) {
        String all = pax.toString(StandardCharsets.ISO_8859_1);
        String found = null;
        for (int start = 0; start < all.length(); ) {
            int space = all.indexOf(' ', start);
            if (space < 0 || !all.substring(start, space).matches("\\d{1,9}")) break;
            int end = start + Integer.parseInt(all.substring(start, space));
            if (end <= space + 1 || end > all.length()) break;
            String record = all.substring(space + 1, end - 1);
            if (record.startsWith(key + "=")) found = record.substring(key.length() + 1);
            start = end;
        }
        return found == null || found.isEmpty() ? null : found.getBytes(StandardCharsets.ISO_8859_1);
    }
}
