package dev.limbeck.io;

import dev.limbeck.ExitGate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/** Write a file atomically: under a temporary name in the same folder, then moved into place. */
public final class AtomicFile {
    /** Write the contents of a file to a channel at position 0. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    private AtomicFile() {}

    /** Write a text as UTF-8. */
    public static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Write bytes. */
    public static void write(Path file, byte[] bytes) {
        ByteBuffer content = ByteBuffer.wrap(bytes);
        write(file, channel -> {
            while (content.hasRemaining()) channel.write(content);
        });
    }

    /**
     * Write a file and replace an existing one. The folder is created if needed.
     *
     * @throws dev.limbeck.LimbeckException if the disk is full or the folder is not writable; nothing is left behind
     */
    public static void write(Path file, Content content) {
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null || Files.isDirectory(target)) {
            throw IoErrors.in(file, "is a folder; expected the name of a file to write");
        }
        if (MissingFile.isSpecial(target)) {
            throw IoErrors.in(file, "is " + MissingFile.SPECIAL + "; expected the name of a file to write");
        }
        Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try (ExitGate inside = ExitGate.enter()) {
            Files.createDirectories(folder);
            try {
                try (FileChannel channel = Leftovers.claim(temporary)) {
                    content.writeTo(channel);
                    // Otherwise a power failure after the move could leave an empty file.
                    channel.force(true);
                    move(temporary, target);
                }
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw IoErrors.writing(file, e);
        }
    }

    /** Move a file over another, atomically if the file system can. */
    static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
