package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Let one program at a time write to a place. The lock is the operating system's on a small file, so it dies with its process, and a
 * file that a killed one has left holds nothing. The file says who holds it and since when, and is deleted with the lock. On network
 * file systems it is as good as their locks; where there are none, everyone is let in.
 */
public final class FolderLock implements AutoCloseable {
    /** Far behind the text, which others may then read on Windows too. */
    private static final long LOCKED_BYTE = 1L << 40;

    private static final int LONGEST_TEXT = 500;
    private static final int LARGEST = 1 << 20;
    private static final int MOST_TRIES = 1000;

    /**
     * The files that this process has locked. The system's locks do not hold between threads, and closing a second channel of
     * a file would end them, so a file that is here is never opened.
     */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final @Nullable FileChannel channel;
    private boolean closed;

    private FolderLock(Path file, @Nullable FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Return the lock file of something that appears whole: hidden, beside it. */
    public static Path beside(Path target) {
        Path whole = target.toAbsolutePath().normalize();
        return whole.resolveSibling("." + whole.getFileName() + ".lock");
    }

    /** Return the lock file of a folder that is filled. */
    public static Path inside(Path folder) {
        return folder.toAbsolutePath().normalize().resolve(".lock");
    }

    /**
     * Take a lock; its folder must be there.
     *
     * @param what the place that is written to, for the message
     * @throws LimbeckException at once, if another program or thread has it: which, and since when
     */
    public static FolderLock take(Path file, Path what) {
        synchronized (HELD) {
            if (HELD.contains(file)) throw held(what, "another thread of this program");
            try {
                FolderLock lock = open(file, what, false);
                HELD.add(file);
                return lock;
            } catch (IOException e) {
                throw unlockable(what, e);
            }
        }
    }

    /** Take a lock as soon as whoever has it lets it go. */
    public static FolderLock await(Path file, Path what) {
        try {
            synchronized (HELD) {
                while (!HELD.add(file)) HELD.wait();
            }
            try {
                return open(file, what, true);
            } catch (IOException | RuntimeException e) {
                release(file);
                throw e;
            }
        } catch (IOException e) {
            throw unlockable(what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted while another thread works on " + what, e);
        }
    }

    /**
     * Check that nobody has a lock, without taking it.
     *
     * @throws LimbeckException as {@link #take} does
     */
    public static void check(Path file, Path what) {
        if (Files.exists(file)) take(file, what).close();
    }

    private static FolderLock open(Path file, Path what, boolean waits) throws IOException {
        for (int i = 0; i < MOST_TRIES; i++) {
            try {
                Files.createFile(file);
            } catch (FileAlreadyExistsException e) {
                // Left by a killed program, or held.
            }
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } catch (NoSuchFileException e) {
                continue; // just deleted by whoever held it
            }
            boolean holds = false;
            try {
                FileLock lock = waits ? channel.lock(LOCKED_BYTE, 1, false) : channel.tryLock(LOCKED_BYTE, 1, false);
                if (lock == null) throw held(what, read(channel));
                holds = isStillThere(file, channel);
                if (holds) return new FolderLock(file, channel);
            } catch (FileLockInterruptionException | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                return new FolderLock(file, null); // a file system without locks
            } finally {
                if (!holds) channel.close();
            }
        }
        throw new IOException("its lock " + file + " comes and goes");
    }

    /**
     * Write into a locked file who holds it, and return whether it is the one of that name: whoever held it before may have deleted
     * it, and the next have made another. A random size tells, as a second channel to read by would end the lock, and numbers
     * of files are used again.
     */
    private static boolean isStillThere(Path file, FileChannel channel) {
        String text = "process " + ProcessHandle.current().pid() + " on " + host() + " since "
                + Instant.now().truncatedTo(ChronoUnit.SECONDS) + "\n";
        int size = ThreadLocalRandom.current().nextInt(LONGEST_TEXT, LARGEST);
        try {
            channel.truncate(0).write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            channel.write(ByteBuffer.wrap(new byte[1]), size - 1L);
        } catch (IOException e) {
            return true; // a full disk: it is held without a word
        }
        try {
            return Files.size(file) == size;
        } catch (IOException e) {
            return false; // it is gone
        }
    }

    private static String read(FileChannel channel) {
        ByteBuffer text = ByteBuffer.allocate(LONGEST_TEXT);
        try {
            channel.read(text, 0);
        } catch (IOException e) {
            return "another process";
        }
        String said = Printable.line(new String(text.array(), 0, text.position(), StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElse(""));
        return said.isBlank() ? "another process" : said;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "this machine";
        }
    }

    private static LimbeckException unlockable(Path what, IOException cause) {
        return new LimbeckException(
                "cannot lock " + what + " (" + cause.getMessage() + "); choose a folder that can be written", cause);
    }

    private static LimbeckException held(Path what, String who) {
        return new LimbeckException(
                what + " is being written by " + who + "; wait until it ends, or choose another place");
    }

    /** Delete the file and let others in. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) return;
            closed = true;
        }
        try {
            // First, so that nobody finds a file that is about to go.
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It stays, and holds nothing.
        }
        try {
            if (channel != null) channel.close();
        } catch (IOException e) {
            // The lock is gone with the channel, or with the process.
        } finally {
            release(file);
        }
    }

    private static void release(Path file) {
        synchronized (HELD) {
            HELD.remove(file);
            HELD.notifyAll();
        }
    }
}
