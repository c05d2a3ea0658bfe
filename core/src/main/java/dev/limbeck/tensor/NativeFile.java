package dev.limbeck.tensor;

import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Write a file with native code that would end the process on a full disk: LibTorch throws from a destructor. Native
 * code writes to a named pipe, which never fails, and Java copies its contents to the file, atomically.
 */
final class NativeFile {
    private static final int CHUNK = 1 << 16;
    private static final double ROOM = 1.1;
    private static final long ROOM_BESIDE = 1 << 20;

    private NativeFile() {}

    /**
     * Write a file.
     *
     * @param bytes approximate size; only used on systems without named pipes
     * @param writer writes to the given path, sequentially
     * @throws LimbeckException if the disk is full or the folder is not writable; nothing is left behind
     */
    static void write(Path file, long bytes, Consumer<String> writer) {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Path folder = Files.createTempDirectory("limbeck-");
            // The writer names the inner archive after the file.
            Path given = folder.resolve(target.getFileName());
            try (AtExit exit = AtExit.run(() -> clear(temporary, given, folder))) {
                if (isPipe(given)) {
                    throughPipe(given, temporary, writer);
                } else {
                    throughFile(given, bytes, writer);
                    Files.copy(given, temporary);
                }
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                clear(temporary, given, folder);
            }
        } catch (IOException e) {
            throw trouble(file, e);
        }
    }

    private static void clear(Path... files) {
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                continue; // in the temporary folder, or on a disk that fails
            }
        }
    }

    /** Create a named pipe with a system command. Return false if there is no such command. */
    private static boolean isPipe(Path pipe) throws IOException {
        try {
            Process made = new ProcessBuilder("mkfifo", "-m", "600", pipe.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return made.waitFor() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (IOException e) {
            return false;
        }
    }

    private static void throughPipe(Path pipe, Path temporary, Consumer<String> writer) throws IOException {
        try (FileChannel to = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            // Opened for reading and writing first: otherwise each side would wait for the other.
            RandomAccessFile both = new RandomAccessFile(pipe.toFile(), "rw");
            Pump pump;
            try (both) {
                pump = new Pump(new FileInputStream(pipe.toFile()), to);
                pump.start();
                writer.accept(pipe.toString());
            }
            pump.finish();
            to.force(true);
        }
    }

    private static void throughFile(Path given, long bytes, Consumer<String> writer) throws IOException {
        long room = Files.getFileStore(given.getParent()).getUsableSpace();
        if (room < bytes * ROOM + ROOM_BESIDE) throw new IOException("no space left in " + given.getParent());
        writer.accept(given.toString());
    }

    private static LimbeckException trouble(Path file, IOException e) {
        String reason = String.valueOf(e.getMessage());
        String lower = reason.toLowerCase(Locale.ROOT);
        boolean full = lower.contains("no space left") || lower.contains("not enough space") || lower.contains("quota");
        return new LimbeckException(
                full
                        ? "no space left on the disk for " + file + "; free some or choose another folder"
                        : file + ": cannot be written (" + reason + "); choose another folder",
                e);
    }

    /** Copy bytes from a pipe to a file. After an error, the rest is discarded, so the native writer does not fail. */
    private static final class Pump extends Thread {
        private final InputStream from;
        private final FileChannel to;
        private @Nullable Throwable failure;

        Pump(InputStream from, FileChannel to) {
            super("limbeck-native-file");
            this.from = from;
            this.to = to;
            setDaemon(true);
        }

        @Override
        public void run() {
            byte[] chunk = new byte[CHUNK];
            try (from) {
                for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
                    if (failure == null) put(ByteBuffer.wrap(chunk, 0, count));
                }
            } catch (IOException e) {
                failure = e;
            }
        }

        private void put(ByteBuffer bytes) {
            try {
                while (bytes.hasRemaining()) to.write(bytes);
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
        }

        /** Wait for the end of the copy. The other end of the pipe is closed. */
        void finish() throws IOException {
            boolean interrupted = false;
            while (isAlive()) {
                try {
                    join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) Thread.currentThread().interrupt();
            if (failure instanceof IOException e) throw e;
            if (failure != null) throw new IOException(failure);
        }
    }
}
