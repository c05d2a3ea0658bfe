package dev.limbeck.fuzz;

import com.sun.management.ThreadMXBean;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Run a reader on a file and check it: it must return or report an error in one printable line, in bounded time and
 * memory, and leave no files.
 */
public final class Harness implements AutoCloseable {
    /** The folder for a reader's output; it is emptied after each input. */
    public static final String OUT = "out";

    private static final String MEMORY_KIND = "memory";
    private static final String TIME_KIND = "time";
    private static final long FREE_NANOS = 1_000_000_000;
    private static final long NANOS_PER_BYTE = 20_000;
    /** A pixel reasonably takes 40 bytes and, in the ten scans of a progressive JPEG, 100 ns. */
    private static final double NANOS_PER_RESULT = 2.5;

    private static final int LONGEST_LINE = 600;
    private static final Path MEMORY = Path.of(System.getProperty("limbeck.fuzz.folder", "/dev/shm"));
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Path folder;
    private final Target target;
    private final Path file;
    private final int patience;
    private final long thread = Thread.currentThread().getId();

    /**
     * Set up for the calling thread.
     *
     * @param patience factor of the time limits for an instrumented JVM
     */
    public Harness(Target target, int patience) {
        this.target = target;
        this.patience = patience;
        try {
            folder = folder();
            Files.createDirectories(folder.resolve(OUT));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        file = folder.resolve(target.fileName());
    }

    /** Create a folder, in memory if the system supports it. */
    static Path folder() throws IOException {
        return Files.isWritable(MEMORY)
                ? Files.createTempDirectory(MEMORY, "limbeck-fuzz")
                : Files.createTempDirectory("limbeck-fuzz");
    }

    /**
     * Hold the result of a run.
     *
     * @param wrong description of the failure; null if there is none
     * @param kind the same without details that vary from input to input
     * @param refused whether the reader rejected the input
     */
    public record Verdict(String wrong, String kind, boolean refused) {}

    /**
     * Run one input. An input that exceeds a limit is run again, because the first run may include loading libraries.
     */
    public Verdict judge(byte[] input) {
        Verdict first = once(input);
        return MEMORY_KIND.equals(first.kind) || TIME_KIND.equals(first.kind) ? once(input) : first;
    }

    private Verdict once(byte[] input) {
        try {
            Files.write(file, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long bytes = THREADS.getThreadAllocatedBytes(thread);
        long nanos = THREADS.getCurrentThreadCpuTime();
        boolean refused = false;
        String wrong = null;
        String kind = null;
        long honest = 0;
        try {
            honest = target.reader().read(file);
        } catch (LimbeckException e) {
            refused = true;
            wrong = wrongLine(String.valueOf(e.getMessage()));
            if (wrong != null) kind = "message " + place(e);
        } catch (Throwable e) {
            kind = e.getClass().getName() + " " + place(e);
            wrong = e + "; " + String.join(" < ", places(e));
        }
        nanos = THREADS.getCurrentThreadCpuTime() - nanos;
        bytes = THREADS.getThreadAllocatedBytes(thread) - bytes;
        long allowed = target.free() + target.perByte() * input.length + honest;
        if (wrong == null && bytes > allowed) {
            kind = MEMORY_KIND;
            wrong = "took " + (bytes >> 20) + " MiB for " + input.length + " bytes, allowed " + (allowed >> 20)
                    + " MiB";
        }
        if (wrong == null
                && nanos > patience * (FREE_NANOS + NANOS_PER_BYTE * input.length + NANOS_PER_RESULT * honest)) {
            kind = TIME_KIND;
            wrong = "took " + nanos / 1_000_000 + " ms of the processor for " + input.length + " bytes";
        }
        String left = left();
        if (wrong == null && left != null) {
            kind = "left";
            wrong = "left " + left;
        }
        return new Verdict(wrong, kind, refused);
    }

    /** Return what is wrong with a message; null if nothing. */
    private String wrongLine(String message) {
        String own = message.replace(folder.toString(), "");
        if (own.length() > LONGEST_LINE) return "a message of " + own.length() + " characters: " + shown(own);
        int odd = own.chars().filter(Harness::isUnprintable).findFirst().orElse(-1);
        return odd < 0 ? null : String.format("a message with U+%04X: %s", odd, shown(own));
    }

    /** Return whether a character moves a terminal's cursor, ends the line or changes the text direction. */
    private static boolean isUnprintable(int c) {
        return Character.isISOControl(c)
                || c == 0x2028
                || c == 0x2029
                || c == 0x200e
                || c == 0x200f
                || c == 0x061c
                || c >= 0x202a && c <= 0x202e
                || c >= 0x2066 && c <= 0x2069;
    }

    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.chars().limit(200).forEach(c -> {
            if (isUnprintable(c)) shown.append(String.format("\\u%04x", c));
            else shown.append((char) c);
        });
        return shown.toString();
    }

    private static String place(Throwable e) {
        List<String> places = places(e);
        return places.isEmpty() ? "" : places.get(0);
    }

    /** Return the innermost stack frames in Limbeck's code. */
    private static List<String> places(Throwable e) {
        return Arrays.stream(e.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith("dev.limbeck.")
                        && !frame.getClassName().startsWith("dev.limbeck.fuzz.")
                        && !frame.getClassName().endsWith("IoErrors"))
                .limit(4)
                .map(frame ->
                        frame.getClassName().substring(frame.getClassName().lastIndexOf('.') + 1) + "."
                                + frame.getMethodName() + ":" + frame.getLineNumber())
                .toList();
    }

    /** Return the files in the folder besides the input, and delete them. */
    private String left() {
        String[] there = folder.toFile().list();
        if (there == null || there.length != 2) return emptied(there);
        String[] made = folder.resolve(OUT).toFile().list();
        if (made != null && made.length > 0) emptied(there);
        return null;
    }

    private String emptied(String[] there) {
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path entry : entries.toList()) {
                if (!entry.equals(file)) FileUtils.forceDelete(entry.toFile());
            }
            Files.createDirectories(folder.resolve(OUT));
        } catch (FileSystemException e) {
            throw new IllegalStateException("a reader made what cannot be deleted: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Arrays.toString(there);
    }

    @Override
    public void close() {
        FileUtils.deleteQuietly(folder.toFile());
    }
}
