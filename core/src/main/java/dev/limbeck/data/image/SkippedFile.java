package dev.limbeck.data.image;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Name a file, or a folder that cannot be opened, that a source found and does not use.
 *
 * @param file its path under the source's folder, with slashes
 * @param reason why
 */
public record SkippedFile(String file, Reason reason) {
    /** Say why a file is not used. */
    public enum Reason {
        /** Its content is not an image, as that of a text or a table. */
        NOT_AN_IMAGE(false, "not an image"),
        /** Its name begins with a dot, or that of a folder around it does. */
        HIDDEN(false, "hidden"),
        /** A file manager or another program keeps it for itself, as {@code Thumbs.db}. */
        SYSTEM(false, "a system file"),
        /** It lies beside the splits. */
        UNUSED(false, "beside the splits"),
        /** It is a link to an image that the same class and split have already. */
        REPEATED(false, "a link to an image that is listed already"),
        /** It is a link to an image that another class or split has. */
        CONFLICTING(true, "a link to an image of another class or split"),
        /** It is a link to nothing. */
        DEAD_LINK(true, "a link that leads nowhere"),
        /** It is a link to a folder that it lies in. */
        LINK_LOOP(true, "a link to a folder that it lies in"),
        /** It has an image's name and no content. */
        EMPTY(true, "an empty file"),
        /** It, or the folder, cannot be opened. */
        UNREADABLE(true, "it cannot be opened"),
        /** It is an image in a format that is not read. */
        UNREAD_FORMAT(true, "a format that is not read, convert it to JPEG or PNG");

        private final boolean stops;
        private final String words;

        Reason(boolean stops, String words) {
            this.stops = stops;
            this.words = words;
        }

        /** Return whether an image may be lost by it, so that nothing begins unless bad images are to be skipped. */
        public boolean stops() {
            return stops;
        }

        /** Return the reason in words, for one file. */
        public String words() {
            return words;
        }

        /** Return the reason as a key of a record. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Count files by suffix, the most frequent first: {@code 2 .csv, 1 without suffix}. */
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

    /** Count all by reason, for a record. */
    static Map<String, Integer> counts(Collection<SkippedFile> files) {
        Map<Reason, Integer> counts = new TreeMap<>();
        for (SkippedFile file : files) counts.merge(file.reason, 1, Integer::sum);
        Map<String, Integer> named = new LinkedHashMap<>();
        counts.forEach((reason, count) -> named.put(reason.key(), count));
        return named;
    }
}
