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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lock a place for one writing process. It is an operating-system lock on a small file, so it ends with its process; a
 * file left by a killed process holds no lock. The file names its holder and the time, and is deleted with the lock. On
 * network file systems it is as reliable as their locks. On file systems without locks, nobody is excluded.
 */
public final class FolderLock implements AutoCloseable {
    /** Far behind the text, to keep the text readable on Windows. */
    private static final long LOCKED_BYTE = 1L << 40;

    private static final Pattern HOLDER =
            Pattern.compile("process (\\d{1,18}) on (.+) since (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)");
    private static final int LONGEST_TEXT = 500;
    private static final int LARGEST = 1 << 20;
    private static final int MOST_TRIES = 1000;

    /**
     * Files locked by this process. System locks do not exclude other threads, and closing a second channel of a file
     * would release them, so these files are never opened again.
     */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final @Nullable FileChannel channel;
    private boolean closed;

    private FolderLock(Path file, @Nullable FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Return the lock file of an atomically written target: hidden, beside it. */
    public static Path beside(Path target) {
        Path whole = target.toAbsolutePath().normalize();
        return whole.resolveSibling("." + whole.getFileName() + ".lock");
    }

    /** Return the lock file inside a folder. */
    public static Path inside(Path folder) {
        return folder.toAbsolutePath().normalize().resolve(".lock");
    }

    /**
     * Acquire a lock. Its folder must exist.
     *
     * @param what the place that is written to, as the message names it
     * @throws LimbeckException immediately, if another process or thread holds it; the message names the holder and the
     *     time
     */
    public static FolderLock take(Path file, Object what) {
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

    /** Wait for a lock and acquire it. */
    public static FolderLock await(Path file, Object what) {
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
     * Check that a lock is free, without acquiring it.
     *
     * @throws LimbeckException as {@link #take} does
     */
    public static void check(Path file, Object what) {
        if (Files.exists(file)) take(file, what).close();
    }

    /**
     * Return whether the process that wrote a lock's file is alive, without touching the lock: an attempt to acquire it could keep another
     * process from its work. A process on another machine counts as alive.
     */
    public static boolean seemsHeld(Path file) {
        synchronized (HELD) {
            if (HELD.contains(file)) return true;
        }
        String text;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            text = read(channel);
        } catch (IOException e) {
            return false;
        }
        Matcher holder = HOLDER.matcher(text);
        if (!holder.matches() || !holder.group(2).equals(host())) return true;
        return ProcessHandle.of(Long.parseLong(holder.group(1)))
                // A number is used again by a later process.
                .filter(process -> process.info()
                        .startInstant()
                        .map(start ->
                                start.isBefore(Instant.parse(holder.group(3)).plusSeconds(1)))
                        .orElse(true))
                .isPresent();
    }

    private static FolderLock open(Path file, Object what, boolean waits) throws IOException {
        for (int i = 0; i < MOST_TRIES; i++) {
            try {
                Files.createFile(file);
            } catch (FileAlreadyExistsException e) {
                // Left by a killed process, or held.
            }
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } catch (NoSuchFileException e) {
                continue; // just deleted by its holder
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
     * Write the holder to a locked file, and return whether it is still the file of that name: a previous holder may
     * have deleted it, and the next one created another. A random size identifies it: a second channel would release
     * the lock, and inode numbers are reused.
     */
    private static boolean isStillThere(Path file, FileChannel channel) {
        String text = "process " + ProcessHandle.current().pid() + " on " + host() + " since "
                + Instant.now().truncatedTo(ChronoUnit.SECONDS) + "\n";
        int size = ThreadLocalRandom.current().nextInt(LONGEST_TEXT, LARGEST);
        try {
            channel.truncate(0).write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            channel.write(ByteBuffer.wrap(new byte[1]), size - 1L);
        } catch (IOException e) {
            return true; // a full disk: the lock has no text
        }
        try {
            return Files.size(file) == size;
        } catch (IOException e) {
            return false; // it was deleted
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

    private static LimbeckException unlockable(Object what, IOException cause) {
        return new LimbeckException(
                "cannot lock " + what + " (" + cause.getMessage() + "); choose a folder that can be written", cause);
    }

    private static LimbeckException held(Object what, String who) {
        return new LimbeckException(
                what + " is being written by " + who + "; wait until it ends, or choose another place");
    }

    /** Delete the file and release the lock. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) return;
            closed = true;
        }
        try {
            // First: no one may find a file that is about to be deleted.
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It stays, but holds no lock.
        }
        try {
            if (channel != null) channel.close();
        } catch (IOException e) {
            // The lock ends with the channel or the process.
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
