package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.io.FileUtils;

/**
 * Unpack tar, gzipped tar and zip archives without trusting them: links, devices and paths that lead out of the folder
 * are refused, and so is an archive that grows out of proportion. The folder appears whole or not at all.
 */
public final class Archives {
    private static final int CHUNK = 1 << 16;
    private static final long ALWAYS_ALLOWED = 1L << 30;
    private static final long MOST_BYTES = 512L << 30;
    private static final int MOST_GROWTH = 100;
    private static final int MOST_ENTRIES = 10_000_000;

    private Archives() {}

    /**
     * Unpack an archive, told by its content, into a new folder.
     *
     * @param folder must not exist yet, or be empty; the folders above it are made
     * @throws LimbeckException if the archive is missing, damaged or cut off, holds links or paths that lead outside,
     *     unpacks to more than 100 times its size (1 GiB is always allowed), or if the disk is full
     */
    public static void extract(Path archive, Path folder) {
        FileTrouble.requireFile(archive);
        try {
            long allowed = Math.max(ALWAYS_ALLOWED, Math.min(MOST_BYTES, MOST_GROWTH * Files.size(archive)));
            extract(archive, folder, allowed);
        } catch (IOException e) {
            throw FileTrouble.reading(archive, e);
        }
    }

    static void extract(Path archive, Path folder, long allowedBytes) {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) throw FileTrouble.in(folder, "is no folder to unpack into");
        Path temporary = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            requireFree(target);
            Files.createDirectories(parent);
            Files.createDirectory(temporary);
        } catch (IOException e) {
            throw FileTrouble.writing(folder, e);
        }
        Thread onExit = new Thread(() -> FileUtils.deleteQuietly(temporary.toFile()));
        Runtime.getRuntime().addShutdownHook(onExit);
        try {
            Unpacking unpacking = new Unpacking(archive, temporary, allowedBytes);
            try (InputStream head = Files.newInputStream(archive)) {
                byte[] magic = head.readNBytes(4);
                if (magic.length == 4 && magic[0] == 'P' && magic[1] == 'K') {
                    unpacking.zip();
                } else {
                    unpacking.tar(magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b);
                }
            }
            put(temporary, target);
        } catch (IOException e) {
            throw FileTrouble.reading(archive, e);
        } finally {
            FileUtils.deleteQuietly(temporary.toFile());
            forget(onExit);
        }
    }

    private static void forget(Thread onExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The machine is shutting down already, and the thread is at work.
        }
    }

    private static void requireFree(Path target) throws IOException {
        if (!Files.exists(target)) return;
        try (Stream<Path> content = Files.isDirectory(target) ? Files.list(target) : Stream.of(target)) {
            if (content.findAny().isPresent()) {
                throw FileTrouble.in(target, "is there already and not an empty folder; delete it or choose another");
            }
        }
    }

    private static void put(Path temporary, Path target) {
        try {
            Files.deleteIfExists(target);
            Files.move(temporary, target);
        } catch (IOException e) {
            throw FileTrouble.writing(target, e);
        }
    }

    /** One archive on its way into one folder. */
    private static final class Unpacking {
        private final Path archive;
        private final Path folder;
        private final long allowed;
        private long written;
        private long entries;

        Unpacking(Path archive, Path folder, long allowed) {
            this.archive = archive;
            this.folder = folder;
            this.allowed = allowed;
        }

        void tar(boolean gzipped) {
            try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), CHUNK);
                    InputStream plain = gzipped ? gunzip(file) : file;
                    TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    boolean folderEntry = entry.isDirectory();
                    // A regular file alone has neither a link's target nor a device behind it.
                    boolean plainFile = entry.isFile()
                            && !entry.isLink()
                            && !entry.isSymbolicLink()
                            && !entry.isCharacterDevice()
                            && !entry.isBlockDevice()
                            && !entry.isFIFO();
                    place(entry.getName(), folderEntry, plainFile, tar);
                }
                if (entries == 0) throw new IOException("no entries");
            } catch (IOException | IllegalArgumentException e) {
                throw damaged(e);
            }
        }

        private static InputStream gunzip(InputStream file) throws IOException {
            return GzipCompressorInputStream.builder()
                    .setInputStream(file)
                    .setDecompressConcatenated(true)
                    .get();
        }

        void zip() {
            try (ZipFile zip = ZipFile.builder().setPath(archive).get()) {
                for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                    boolean plainFile = !entry.isUnixSymlink() && zip.canReadEntryData(entry);
                    if (entry.isDirectory()) {
                        place(entry.getName(), true, false, InputStream.nullInputStream());
                        continue;
                    }
                    try (InputStream in = zip.getInputStream(entry)) {
                        place(entry.getName(), false, plainFile, in);
                    }
                }
            } catch (IOException | IllegalArgumentException e) {
                throw damaged(e);
            }
        }

        private void place(String name, boolean folderEntry, boolean plainFile, InputStream content)
                throws IOException {
            String shown = "entry '" + FileTrouble.printable(name) + "' ";
            if (++entries > MOST_ENTRIES) throw FileTrouble.in(archive, "has more than " + MOST_ENTRIES + " entries");
            if (!folderEntry && !plainFile) {
                throw FileTrouble.in(archive, shown + "is a link, a device or encrypted; only files are unpacked");
            }
            Path path = inside(name, shown);
            try {
                Files.createDirectories(folderEntry ? path : path.getParent());
            } catch (IOException e) {
                throw FileTrouble.writing(path, e);
            }
            if (!folderEntry) copy(content, path, shown);
        }

        /** Find the place of an entry, which must lie below the folder on every system. */
        private Path inside(String name, String shown) {
            List<String> parts = Arrays.asList(name.split("/"));
            boolean leadsOut = name.isEmpty()
                    || name.startsWith("/")
                    || name.indexOf('\\') >= 0
                    || name.indexOf(':') >= 0
                    || name.chars().anyMatch(Character::isISOControl)
                    || parts.contains("..");
            Path path = leadsOut ? folder : folder.resolve(name).normalize();
            if (leadsOut || !path.startsWith(folder)) {
                throw FileTrouble.in(archive, shown + "has a path that may lead out of the folder; refused");
            }
            return path;
        }

        private void copy(InputStream content, Path path, String shown) throws IOException {
            byte[] chunk = new byte[CHUNK];
            try (OutputStream out = create(path, shown)) {
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

        private OutputStream create(Path path, String shown) {
            try {
                return Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            } catch (FileAlreadyExistsException e) {
                throw new LimbeckException(
                        archive + ": " + shown + "occurs twice, or differs from another only in case", e);
            } catch (IOException e) {
                throw FileTrouble.writing(path, e);
            }
        }

        private LimbeckException damaged(Exception e) {
            if (e instanceof EOFException eof) return FileTrouble.reading(archive, eof);
            return new LimbeckException(
                    archive + ": is no tar, gzipped tar or zip archive, or is damaged or cut off ("
                            + FileTrouble.printable(String.valueOf(e.getMessage())) + "); download it again",
                    e);
        }
    }
}
