package dev.limbeck.data.image;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Hold a file or folder that a source found but does not use.
 *
 * @param file path relative to the source's folder, with slashes
 * @param reason the reason
 */
public record SkippedFile(String file, Reason reason) {
    /** Reason for skipping a file. */
    public enum Reason {
        /** The content is not an image, such as a text or a table. */
        NOT_AN_IMAGE(false, "not an image"),
        /** The name of the file or of a parent folder starts with a dot. */
        HIDDEN(false, "hidden"),
        /** The file belongs to a file manager or another program, such as {@code Thumbs.db}. */
        SYSTEM(false, "a system file"),
        /** The file is beside the splits. */
        UNUSED(false, "beside the splits"),
        /** A link to an image that the same class and split already contain. */
        REPEATED(false, "a link to an image that is listed already"),
        /** A link to an image of another class or split. */
        CONFLICTING(true, "a link to an image of another class or split"),
        /** A table names the file, and it does not exist. */
        MISSING(false, "it does not exist"),
        /** A dangling link. */
        DEAD_LINK(true, "a link that leads nowhere"),
        /** A link to a parent folder. */
        LINK_LOOP(true, "a link to a folder that it lies in"),
        /** An image file without content. */
        EMPTY(true, "an empty file"),
        /** The file or folder cannot be opened. */
        UNREADABLE(true, "it cannot be opened"),
        /** An image in an unsupported format. */
        UNREAD_FORMAT(true, "a format that is not read, convert it to JPEG or PNG");

        private final boolean stops;
        private final String words;

        Reason(boolean stops, String words) {
            this.stops = stops;
            this.words = words;
        }

        /** Return whether an image may be lost. Training then does not start, unless bad images are skipped. */
        public boolean stops() {
            return stops;
        }

        /** Return the reason as text for one file. */
        public String words() {
            return words;
        }

        /** Return the reason as a key of a run record. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Count files by suffix, most frequent first: {@code 2 .csv, 1 without suffix}. */
    static String bySuffix(Collection<String> files) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String file : files) counts.merge(FileNames.suffix(file), 1, Integer::sum);
        return counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .map(entry -> String.format(
                        Locale.ROOT,
                        "%,d %s",
                        entry.getValue(),
                        entry.getKey().isEmpty() ? "without suffix" : "." + entry.getKey()))
                .collect(Collectors.joining(", "));
    }

    /** Count files that stop a run, by suffix and reason: {@code 19 .jpg (a link that leads nowhere, such as a/1.jpg)}. */
    static String byReason(Collection<SkippedFile> files) {
        Map<Reason, List<String>> groups = files.stream()
                .collect(Collectors.groupingBy(
                        SkippedFile::reason, TreeMap::new, Collectors.mapping(SkippedFile::file, Collectors.toList())));
        return groups.entrySet().stream()
                .map(group -> bySuffix(group.getValue()) + " (" + group.getKey().words + ", such as "
                        + group.getValue().get(0) + ")")
                .collect(Collectors.joining(", "));
    }

    /** Count all files by reason, for a run record. */
    static Map<String, Integer> counts(Collection<SkippedFile> files) {
        Map<Reason, Integer> counts = new TreeMap<>();
        for (SkippedFile file : files) counts.merge(file.reason, 1, Integer::sum);
        Map<String, Integer> named = new LinkedHashMap<>();
        counts.forEach((reason, count) -> named.put(reason.key(), count));
        return named;
    }
}
