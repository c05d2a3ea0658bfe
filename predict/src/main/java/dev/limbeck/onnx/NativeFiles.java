package dev.limbeck.onnx;

import dev.limbeck.CacheFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;

/**
 * Cache ONNX Runtime's unpacked native libraries between runs. Otherwise each process unpacks 28 MB, a third of the
 * time to the first prediction. If caching fails, ONNX Runtime unpacks them as before.
 */
final class NativeFiles {
    private static final String PROPERTY = "onnxruntime.native.path";
    private static final String[] LIBRARIES = {"onnxruntime", "onnxruntime4j_jni"};

    private static final int CHUNK = 1 << 16;

    private static Path cached = Path.of("");

    private NativeFiles() {}

    /** Set the path of ONNX Runtime's libraries unless it is set; call this before the first use of ONNX Runtime. */
    static synchronized void prepare() {
        if (System.getProperty(PROPERTY) != null || Boolean.getBoolean("limbeck.unpackEachTime")) return;
        try {
            Path folder = null;
            for (String library : LIBRARIES) {
                String name = System.mapLibraryName(library);
                URL url = NativeFiles.class.getResource("/ai/onnxruntime/native/" + platform() + "/" + name);
                if (url == null || !(url.openConnection() instanceof JarURLConnection)) return;
                JarURLConnection connection = (JarURLConnection) url.openConnection();
                ZipEntry entry = connection.getJarEntry();
                // The folder is named by a checksum, so that versions do not mix.
                if (folder == null) folder = cache().resolve(Long.toHexString(entry.getCrc()));
                unpack(url, entry, folder.resolve(name));
            }
            if (folder == null) return;
            System.setProperty(PROPERTY, folder.toString());
            cached = folder;
        } catch (IOException | RuntimeException e) {
            // ONNX Runtime then unpacks the libraries itself.
        }
    }

    /**
     * Say where the libraries are loaded from, and what to do.
     *
     * @param cause why they cannot be loaded; ONNX Runtime makes a temporary folder first, whatever folder its libraries are in
     */
    static synchronized String advice(Throwable cause) {
        String folder = System.getProperty(PROPERTY);
        if (folder == null || cause instanceof IOException) {
            return "the temporary folder " + System.getProperty("java.io.tmpdir")
                    + " must be writable and allow programs (no noexec), or name another (-Djava.io.tmpdir=DIR)";
        }
        if (!folder.equals(cached.toString())) {
            return "its libraries must be in " + folder + ", which -D" + PROPERTY + " names";
        }
        return "the cache folder " + folder
                + " must allow programs (no noexec); name another in XDG_CACHE_HOME, or cache "
                + "nothing (-Dlimbeck.unpackEachTime=true)";
    }

    static void unpack(URL url, ZipEntry entry, Path target) throws IOException {
        // Compare the content too, because a damaged library would crash the process or compute wrong outputs. It takes
        // some hundredths of a second.
        if (Files.isRegularFile(target) && Files.size(target) == entry.getSize() && sum(target) == entry.getCrc())
            return;
        Files.createDirectories(target.getParent());
        clearAbandoned(target.getParent());
        Path temporary = Files.createTempFile(target.getParent(), "unpacking", ".tmp");
        try (InputStream in = url.openStream()) {
            Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static long sum(Path file) throws IOException {
        try (CheckedInputStream in = new CheckedInputStream(Files.newInputStream(file), new CRC32())) {
            byte[] chunk = new byte[CHUNK];
            int count = in.read(chunk);
            while (count >= 0) count = in.read(chunk);
            return in.getChecksum().getValue();
        }
    }

    /** Delete partly unpacked files of killed processes; unpacking never takes an hour. */
    private static void clearAbandoned(Path folder) throws IOException {
        Instant before = Instant.now().minus(Duration.ofHours(1));
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, "unpacking*.tmp")) {
            for (Path file : left) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) Files.deleteIfExists(file);
            }
        }
    }

    private static Path cache() {
        String named = System.getenv("XDG_CACHE_HOME");
        if (named != null && !named.isBlank()) return Path.of(named, "limbeck", "onnxruntime");
        return CacheFolder.home()
                .map(home -> home.resolve(".cache").resolve("limbeck"))
                .orElseGet(CacheFolder::temporary)
                .resolve("onnxruntime");
    }

    /** Return ONNX Runtime's name of this platform. */
    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String os = system.contains("win") ? "win" : system.contains("mac") ? "osx" : "linux";
        String arch = System.getProperty("os.arch");
        return os + "-" + (arch.equals("aarch64") || arch.equals("arm64") ? "aarch64" : "x64");
    }
}
