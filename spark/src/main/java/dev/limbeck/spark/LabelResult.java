package dev.limbeck.spark;

import dev.limbeck.Printable;
import dev.limbeck.distill.cache.Encoding;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Report what was labeled.
 *
 * @param rows number of rows of the input
 * @param keys number of different rows that are in the folder
 * @param unreadable number of rows that could not be used
 * @param reason why one of them could not; null if all could
 * @param bytes size of the folder
 */
public record LabelResult(
        String out,
        Encoding encoding,
        long rows,
        long keys,
        long unreadable,
        @Nullable String reason,
        long bytes,
        double seconds) {
    LabelResult(String out, Encoding encoding, long rows, long unreadable, @Nullable String reason) {
        this(out, encoding, rows, 0, unreadable, reason, 0, 0);
    }

    LabelResult finished(long written, long size, double time) {
        return new LabelResult(out, encoding, rows, written, unreadable, reason, size, time);
    }

    /** Return the number of rows that were labeled already under the same key. */
    public long duplicates() {
        return rows - unreadable - keys;
    }

    String unreadableWords() {
        return String.format(
                Locale.ROOT, "%,d of %,d rows cannot be used, such as: %s", unreadable, rows, Printable.line(reason));
    }

    /** Return a line for people. */
    public String words() {
        return String.format(
                Locale.ROOT,
                "outputs for %,d rows are in %s as %s, %,.1f MB, after %.1f s%s",
                keys,
                out,
                encoding,
                bytes / 1e6,
                seconds,
                duplicates() > 0
                        ? String.format(Locale.ROOT, "; %,d more rows are equal to one of these", duplicates())
                        : "");
    }
}
