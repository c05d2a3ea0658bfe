package dev.limbeck.recipe;

import dev.limbeck.io.IoErrors;
import dev.limbeck.train.Exchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/** Hold the first process's checkpoint in each process: its own file there, a temporary copy elsewhere. */
final class SharedCheckpoint implements AutoCloseable {
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
        if (exchange.size() == 1) return new SharedCheckpoint(own, false);
        try {
            byte[] bytes = exchange.broadcast(own == null ? new byte[0] : Files.readAllBytes(own));
            if (exchange.writes() || bytes.length == 0) return new SharedCheckpoint(own, false);
            Path copy = TemporaryFolder.create().resolve("checkpoint.safetensors");
            Files.write(copy, bytes);
            return new SharedCheckpoint(copy, true);
        } catch (IOException e) {
            throw IoErrors.reading(own == null ? Path.of("the checkpoint") : own, e);
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
