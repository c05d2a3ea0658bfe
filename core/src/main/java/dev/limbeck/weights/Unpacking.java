package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** Bring one archive into one folder. */
final class Unpacking {
    static final int CHUNK = 1 << 16;

    private static final int MOST_ENTRIES = 10_000_000;
    private static final int MOST_COMPARED = 1_000_000;
    private static final int MOST_LAYERS = 3;
    private static final int XZ_MEMORY_KIB = 512 << 10;
    private static final int LONGEST_LINK = 4096;

    private final Path archive;
    private final Path folder;
    private final long allowed;
    private long written;
    private long entries;
    private long files;

    /** Links by where they lie, to the entry that they name. */
    private final Map<Path, Path> links = new LinkedHashMap<>();
    /** Entries that were left out or read otherwise, by why: how many, and the first. */
    private final Map<String, Counted> notes = new LinkedHashMap<>();
    /** Names as a file system sees them that knows neither case nor forms of Unicode. */
    private final Map<String, String> seen = new HashMap<>();

    private record Counted(long count, String first) {
        static Counted of(String first) {
            return new Counted(1, first);
        }
    }

    Unpacking(Path archive, Path folder, long allowed) {
        this.archive = archive;
        this.folder = folder;
        this.allowed = allowed;
    }

    /** Return in words, a line each, what was left out or assumed. */
    List<String> notes() {
        List<String> lines = new ArrayList<>();
        notes.forEach((why, counted) -> lines.add(archive + ": " + why + ": " + counted.count + ", such as '"
                + FileTrouble.printable(counted.first) + "'"));
        return lines;
    }

    private void note(String why, String name) {
        notes.merge(why, Counted.of(name), (before, one) -> new Counted(before.count + 1, before.first));
    }

    void run() throws IOException {
        byte[] magic;
        try (InputStream head = Files.newInputStream(archive)) {
            magic = head.readNBytes(4);
        }
        if (magic.length == 4 && magic[0] == 'P' && magic[1] == 'K') zip();
        else tar();
        resolveLinks();
        if (files == 0 && !notes.isEmpty()) {
            throw FileTrouble.in(archive, "holds no files but " + String.join("; ", notes.keySet()));
        }
    }

    private void tar() {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), CHUNK);
                InputStream plain = decompressed(file);
                TarArchiveInputStream tar = new TarArchiveInputStream(plain, StandardCharsets.UTF_8.name())) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = EntryNames.withSlashes(entry.getName(), false);
                if (entry.isLink() || entry.isSymbolicLink()) {
                    String target = EntryNames.withSlashes(entry.getLinkName(), false);
                    link(name, target, entry.isSymbolicLink());
                } else if (entry.isDirectory()) {
                    place(name, true, tar);
                } else if (entry.isFile()
                        && !entry.isCharacterDevice()
                        && !entry.isBlockDevice()
                        && !entry.isFIFO()
                        && tar.canReadEntryData(entry)) {
                    place(name, false, tar);
                } else {
                    throw FileTrouble.in(archive, shown(name) + "is a device or unknown; only files are unpacked");
                }
            }
            if (entries == 0) throw new IOException("no entries");
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(e);
        } catch (io.airlift.compress.MalformedInputException e) {
            throw damaged(e);
        }
    }

    /** Take off compression, told by the content; some servers compress once more what is compressed. */
    private static InputStream decompressed(InputStream file) throws IOException {
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
        if (startsWith(magic, 0x28, 0xb5, 0x2f, 0xfd)) return new ZstdInputStream(in);
        return null;
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) return false;
        for (int i = 0; i < magic.length; i++) if ((bytes[i] & 0xff) != magic[i]) return false;
        return true;
    }

    private void zip() {
        try (ZipFile zip = ZipFile.builder().setPath(archive).get()) {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                EntryNames.Name read = EntryNames.of(entry);
                String name = EntryNames.withSlashes(read.text(), true);
                if (read.assumed()) note("names that do not say their character set are read as code page 437", name);
                if (name.endsWith("/")) {
                    place(name, true, InputStream.nullInputStream());
                    continue;
                }
                if (!zip.canReadEntryData(entry)) {
                    String what = entry.getGeneralPurposeBit().usesEncryption()
                            ? "is encrypted; unpack it with its password and give the folder"
                            : "is compressed by method " + entry.getMethod() + "; pack it with the common one, deflate";
                    throw FileTrouble.in(archive, shown(name) + what);
                }
                try (InputStream in = zip.getInputStream(entry)) {
                    if (entry.isUnixSymlink()) {
                        link(name, new String(in.readNBytes(LONGEST_LINK), StandardCharsets.UTF_8), true);
                    } else {
                        place(name, false, in);
                    }
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(e);
        }
    }

    private void place(String name, boolean folderEntry, InputStream content) throws IOException {
        count();
        Path path = inside(name);
        try {
            Files.createDirectories(folderEntry ? path : path.getParent());
        } catch (IOException e) {
            throw FileTrouble.writing(path, e);
        }
        if (folderEntry) return;
        compare(name);
        copy(content, path, name);
        files++;
    }

    private void count() {
        if (++entries > MOST_ENTRIES) throw FileTrouble.in(archive, "has more than " + MOST_ENTRIES + " entries");
    }

    /** Note names that other systems take for one. */
    private void compare(String name) {
        if (seen.size() >= MOST_COMPARED) return;
        String plain = Normalizer.normalize(name, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        String before = seen.putIfAbsent(plain, name);
        if (before != null && !before.equals(name)) {
            note("names that differ from another only in case or in the form of their Unicode are kept apart", name);
        }
    }

    /** Find the place of an entry, which must lie below the folder on every system. */
    private Path inside(String name) {
        boolean leadsOut = EntryNames.mayLeadOut(name);
        Path path =
                leadsOut ? folder : folder.resolve(EntryNames.possible(name)).normalize();
        if (leadsOut || !path.startsWith(folder)) {
            throw FileTrouble.in(archive, shown(name) + "has a path that may lead out of the folder; refused");
        }
        return path;
    }

    /** Keep a link for later: links are never made, so that no path leads through one. */
    private void link(String name, String target, boolean symbolic) {
        count();
        Path from = inside(name);
        // A hard link is named from the archive's top, a symbolic one from where it lies.
        Path start = symbolic ? from.getParent() : folder;
        Path to = null;
        if (!target.isEmpty()
                && target.indexOf('\0') < 0
                && !target.startsWith("/")
                && !target.matches("[A-Za-z]:.*")) {
            to = start.resolve(target).normalize();
        }
        if (to == null || !to.startsWith(folder)) {
            note("links that lead out of the archive are left out", name + " -> " + target);
        } else {
            links.put(from, to);
        }
    }

    /** Copy the files that links name; what they name may be a link itself. */
    private void resolveLinks() throws IOException {
        for (boolean going = true; going; ) {
            going = false;
            for (Map.Entry<Path, Path> link : new ArrayList<>(links.entrySet())) {
                Path to = link.getValue();
                if (!Files.isRegularFile(to, LinkOption.NOFOLLOW_LINKS)) continue;
                links.remove(link.getKey());
                going = true;
                String name = folder.relativize(link.getKey()).toString();
                try (InputStream content = Files.newInputStream(to)) {
                    place(name.replace(File.separatorChar, '/'), false, content);
                }
            }
        }
        links.forEach((from, to) -> note(
                Files.isDirectory(to)
                        ? "links to folders are left out"
                        : "links to what is not in the archive are left out",
                folder.relativize(from) + " -> " + folder.relativize(to)));
    }

    private void copy(InputStream content, Path path, String name) throws IOException {
        byte[] chunk = new byte[CHUNK];
        try (OutputStream out = create(path, name)) {
            for (int count = content.read(chunk); count >= 0; count = content.read(chunk)) {
                written += count;
                if (written > allowed) {
                    throw FileTrouble.in(
                            archive, "unpacks to more than " + allowed + " bytes, out of proportion; refused");
                }
                try {
                    out.write(chunk, 0, count);
                } catch (IOException e) {
                    throw FileTrouble.writing(path, e);
                }
            }
        }
    }

    private OutputStream create(Path path, String name) {
        try {
            return Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new LimbeckException(
                    archive + ": " + shown(name) + "occurs twice, or differs from another only in case", e);
        } catch (IOException e) {
            throw FileTrouble.writing(path, e);
        }
    }

    private static String shown(String name) {
        return "entry '" + FileTrouble.printable(name) + "' ";
    }

    private LimbeckException damaged(Exception e) {
        if (e instanceof EOFException eof) return FileTrouble.reading(archive, eof);
        return new LimbeckException(
                archive
                        + ": is no zip or tar archive (plain, or by gzip, bzip2, xz or zstd), or is damaged or cut off ("
                        + FileTrouble.printable(String.valueOf(e.getMessage())) + "); download or pack it again",
                e);
    }
}
