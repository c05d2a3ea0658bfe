package dev.limbeck.recipe;

import dev.limbeck.io.IoErrors;
import dev.limbeck.train.Exchange;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/** Hold the first process's checkpoint in each process: its own file there, a temporary copy elsewhere. */
final class SharedCheckpoint implements AutoCloseable {
    private static final int PIECE_BYTES = 64 << 20;

    private final @Nullable Path file;
    private final boolean isCopy;

    private SharedCheckpoint(@Nullable Path file, boolean isCopy) {
        this.file = file;
        this.isCopy = isCopy;
    }

    /**
     * Share a checkpoint.
     *
     * @param own that of this process, which counts in the first one; null for none
     */
    static SharedCheckpoint of(@Nullable Path own, Exchange exchange) {
        return of(own, exchange, PIECE_BYTES);
    }

    /** Share a checkpoint in pieces: it may be larger than an array, or than the Java heap. */
    static SharedCheckpoint of(@Nullable Path own, Exchange exchange, int pieceBytes) {
        if (exchange.size() == 1) return new SharedCheckpoint(own, false);
        boolean sends = exchange.writes();
        long bytes = (long) exchange.sum(sends && own != null ? size(own) : 0)[0];
        if (bytes == 0) return new SharedCheckpoint(own, false);
        if (sends && own != null) {
            send(own, bytes, exchange, pieceBytes);
            return new SharedCheckpoint(own, false);
        }
        Path folder = TemporaryFolder.create();
        try {
            Path copy = folder.resolve("checkpoint.safetensors");
            receive(copy, bytes, exchange);
            return new SharedCheckpoint(copy, true);
        } catch (RuntimeException e) {
            FileUtils.deleteQuietly(folder.toFile());
            throw e;
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static void send(Path file, long bytes, Exchange exchange, int pieceBytes) {
        try (InputStream in = Files.newInputStream(file)) {
            for (long left = bytes; left > 0; ) {
                byte[] piece = in.readNBytes((int) Math.min(left, pieceBytes));
                if (piece.length == 0) throw new EOFException();
                exchange.broadcast(piece);
                left -= piece.length;
            }
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static void receive(Path file, long bytes, Exchange exchange) {
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; ) {
                byte[] piece = exchange.broadcast(new byte[0]);
                out.write(piece);
                left -= piece.length;
            }
        } catch (IOException e) {
            throw IoErrors.writing(file, e);
        }
    }

    @Nullable
    Path file() {
        return file;
    }

    @Override
    public void close() {
        if (isCopy) FileUtils.deleteQuietly(file.getParent().toFile());
    }
}
