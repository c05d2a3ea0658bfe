package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.EntryNames.Name;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;
import org.apache.commons.io.input.BoundedInputStream;

/**
 * Unpack one archive to one folder.
 *
 * @param charset character set of a tar's names
 */
record Unpacking(Path archive, EntryFolder folder, Charset charset) {
    private static final int LONGEST_LINK = 4096;
    /** Small, because bytes that were only read ahead count as bytes of entries. */
    private static final int READ_AHEAD = 1 << 13;

    private static final Set<Integer> ZSTD = Set.of(ZipMethod.ZSTD.getCode(), ZipMethod.ZSTD_DEPRECATED.getCode());

    /**
     * Unpack the archive.
     *
     * @throws CharacterCodingException if it is a tar with names in another character set
     */
    void run() throws IOException {
        FileKind kind = FileKind.of(archive);
        if (kind.archive() != null) throw IoErrors.in(archive, "is " + kind.archive());
        byte[] magic;
        try (InputStream head = Files.newInputStream(archive)) {
            magic = head.readNBytes(4);
        }
        if (magic.length == 4 && magic[0] == 'P' && magic[1] == 'K') zip();
        else tar();
        folder.finish();
    }

    private void tar() throws CharacterCodingException {
        try (BoundedInputStream counted = BoundedInputStream.builder()
                        .setInputStream(Files.newInputStream(archive))
                        .get();
                InputStream file = new BufferedInputStream(counted, READ_AHEAD);
                HeaderStream plain = new HeaderStream(Decompression.of(file), folder::read);
                RawTar tar = new RawTar(plain, charset)) {
            folder.readFrom(counted::getCount);
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                tarEntry(tar, entry);
            }
            if (folder.entries() == 0) throw new IOException("no entries");
            if (!tar.ended()) {
                throw IoErrors.in(
                        archive,
                        "is cut off: the block that ends a tar archive is missing after " + folder.entries()
                                + " entries; copy or download it again");
            }
            readToEnd(plain);
        } catch (CharacterCodingException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(e);
        }
    }

    private void tarEntry(RawTar tar, TarArchiveEntry entry) throws IOException {
        if (entry.getLinkFlag() == RawTar.VOLUME_LABEL) return;
        Name name = tar.name(entry).withSlashes(false);
        if (EntryNames.isSystemFile(name.text())) return;
        if (name.assumed()) folder.note("names that are not UTF-8 are read as " + charset.name(), name.text());
        if (entry.isLink() || entry.isSymbolicLink()) {
            Name target = tar.target(entry).withSlashes(false);
            folder.link(name, target.text(), entry.isSymbolicLink());
        } else if (entry.isDirectory()) {
            folder.place(name, true, tar, true);
        } else if (entry.isFile()
                && !entry.isCharacterDevice()
                && !entry.isBlockDevice()
                && !entry.isFIFO()
                && entry.getLinkFlag() != TarConstants.LF_MULTIVOLUME
                && tar.canReadEntryData(entry)) {
            folder.place(name, false, tar, true);
        } else {
            throw IoErrors.in(
                    archive, EntryFolder.shown(name.text()) + "is a device or unknown; only files are unpacked");
        }
    }

    /** Read after the end of a tar, to verify the checksums of its compression. */
    private void readToEnd(InputStream plain) throws IOException {
        byte[] chunk = new byte[Decompression.CHUNK];
        boolean more = false;
        for (int count = plain.read(chunk); count >= 0; count = plain.read(chunk)) {
            for (int i = 0; i < count; i++) more |= chunk[i] != 0;
        }
        if (more) {
            throw IoErrors.in(
                    archive,
                    "holds more after its end, as archives do that are joined by cat; unpack it by tar"
                            + " --ignore-zeros and give the folder");
        }
    }

    private void zip() {
        try (ZipFile zip = ZipFile.builder().setPath(archive).get()) {
            List<ZipArchiveEntry> all = Collections.list(zip.getEntries());
            Charset codePage = EntryNames.ofZip(all);
            for (ZipArchiveEntry entry : all) zipEntry(zip, entry, codePage);
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(e);
        }
    }

    private void zipEntry(ZipFile zip, ZipArchiveEntry entry, Charset codePage) throws IOException {
        Name read = EntryNames.of(entry, codePage).withSlashes(true);
        String name = read.text();
        if (EntryNames.isSystemFile(name)) return;
        if (read.assumed()) folder.note("names that do not say their character set are read as code page 437", name);
        if (name.endsWith("/")) {
            folder.place(read, true, InputStream.nullInputStream(), false);
            return;
        }
        // The library claims to read zstd, which needs another library.
        if (!zip.canReadEntryData(entry) || ZSTD.contains(entry.getMethod())) {
            String what = entry.getGeneralPurposeBit().usesEncryption()
                    ? "is encrypted; unpack it with its password and give the folder"
                    : "is compressed by method " + entry.getMethod() + "; pack it with the common one, deflate";
            throw IoErrors.in(archive, EntryFolder.shown(name) + what);
        }
        try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
            if (entry.isUnixSymlink()) {
                byte[] target = in.readNBytes(LONGEST_LINK);
                checkSum(entry, name, in);
                folder.link(read, new String(target, StandardCharsets.UTF_8), true);
            } else {
                folder.place(read, false, in, false);
                checkSum(entry, name, in);
            }
        } catch (ZipException e) {
            throw new LimbeckException(
                    archive + ": " + EntryFolder.shown(name) + "is damaged ("
                            + IoErrors.printable(String.valueOf(e.getMessage()))
                            + "); download or pack the archive again",
                    e);
        }
    }

    private void checkSum(ZipArchiveEntry entry, String name, CheckedInputStream content) {
        long found = content.getChecksum().getValue();
        if (found == entry.getCrc()) return;
        throw IoErrors.in(
                archive,
                String.format(
                        Locale.ROOT,
                        "%sis damaged: expected CRC-32 %08x, found %08x; download or pack the archive again",
                        EntryFolder.shown(name),
                        entry.getCrc(),
                        found));
    }

    private LimbeckException damaged(Exception e) {
        if (e instanceof EOFException eof) return IoErrors.reading(archive, eof);
        return new LimbeckException(
                archive
                        + ": is not a zip or tar archive (plain, or by gzip, bzip2, xz or zstd), or is damaged or cut off ("
                        + IoErrors.printable(String.valueOf(e.getMessage())) + "); download or pack it again",
                e);
    }
}
