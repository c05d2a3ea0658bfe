package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.EntryNames.Name;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Store the entries of an archive in a folder: nothing outside it, nothing through links, and no name mixed with
 * another.
 */
final class EntryFolder {
    static final long ALWAYS_ALLOWED = 64L << 20;

    private static final int MOST_ENTRIES = 10_000_000;
    /** Compressed headers of empty files are smaller; those of other files are larger. */
    private static final int LEAST_BYTES_OF_ENTRY = 30;

    private static final int DEEPEST = 64;
    private static final int LONGEST_PATH = 4096;
    /** Bytes of a file's own name, on Linux, macOS and (in characters) Windows. */
    private static final int LONGEST_NAME = 255;

    private static final int MOST_FOLDER_LINKS = 200;
    private static final int MOST_COMPARED = 1_000_000;

    private final Path archive;
    private final Path folder;
    private final long allowed;
    private final Predicate<String> needed;
    private final byte[] chunk = new byte[Decompression.CHUNK];
    private LongSupplier consumed;
    private long mostEntries;
    private int folderLinks;
    private @Nullable Path lastMade;
    private long written;
    private long read;
    private long entries;
    private long files;

    /** Links by path, with the entry they point to. */
    private final Map<Path, Path> links = new LinkedHashMap<>();
    /** Paths by the raw bytes of their names, one character each, if they may be ambiguous or have children. */
    private final Map<String, String> claims = new HashMap<>();
    /** Skipped or reinterpreted entries by reason: count and first name. */
    private final Map<String, Counted> notes = new LinkedHashMap<>();
    /** Names as seen by a file system that ignores case and Unicode forms. */
    private final Map<String, String> seen = new HashMap<>();

    private record Counted(long count, String first) {
        static Counted of(String first) {
            return new Counted(1, first);
        }
    }

    /**
     * Create a folder for an archive's entries.
     *
     * @param needed whether a link with that name must not be skipped
     */
    EntryFolder(Path archive, Path folder, long allowed, Predicate<String> needed) {
        this.archive = archive;
        this.folder = folder;
        this.allowed = allowed;
        this.needed = needed;
        consumed = archive.toFile()::length;
    }

    /** Set the counter of read bytes, which limits the number of entries. */
    void readFrom(LongSupplier consumed) {
        this.consumed = consumed;
    }

    /** Return one line per kind of skipped entry or assumption. */
    List<String> notes() {
        List<String> lines = new ArrayList<>();
        notes.forEach((why, counted) -> lines.add(
                archive + ": " + why + ": " + counted.count + ", such as '" + IoErrors.printable(counted.first) + "'"));
        return lines;
    }

    void note(String why, String name) {
        notes.merge(why, Counted.of(name), (before, one) -> new Counted(before.count + 1, before.first));
    }

    /**
     * Resolve the links after all entries are read.
     *
     * @throws LimbeckException if there are no files, but some entries were skipped
     */
    void finish() throws IOException {
        resolveLinks();
        if (files == 0 && !notes.isEmpty()) {
            throw IoErrors.in(archive, "holds no files but " + String.join("; ", notes.keySet()));
        }
    }

    long entries() {
        return entries;
    }

    void place(Name name, boolean folderEntry, InputStream content, boolean lastCounts) throws IOException {
        count();
        Path path = inside(name.text());
        claim(path, name, folderEntry);
        if (folderEntry) {
            makeFolder(path);
            return;
        }
        if (lastCounts) replace(path, name.text());
        put(path, name.text(), content);
    }

    private void put(Path path, String name, InputStream content) throws IOException {
        makeFolder(path.getParent());
        compare(name);
        copy(content, path, name);
        files++;
    }

    private void makeFolder(Path path) {
        // Java reports an existing folder by an exception.
        if (path.equals(lastMade)) return;
        try {
            Files.createDirectories(path);
            lastMade = path;
        } catch (IOException e) {
            throw IoErrors.writing(path, e);
        }
    }

    /** Remove an earlier entry of the same name, as tar does; its options -r and -u write such archives. */
    private void replace(Path path, String name) throws IOException {
        boolean file = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
        // On a case-insensitive file system, the file may belong to another entry.
        if (file && !path.toRealPath().endsWith(path.getFileName())) return;
        if (links.remove(path) == null && !file) return;
        note("of entries that occur twice the last is taken", name);
        if (file) {
            Files.delete(path);
            files--;
        }
    }

    /** Reject a name that maps to another entry's path, which would mix their contents. */
    private void claim(Path path, Name name, boolean folderEntry) {
        List<String> raw = EntryNames.parts(name.raw());
        int depth = path.getNameCount() - folder.getNameCount();
        for (int i = 1; i <= depth; i++) {
            Path part = folder.resolve(path.subpath(folder.getNameCount(), folder.getNameCount() + i));
            String here = slashed(part);
            String mine = String.join("/", raw.subList(0, Math.min(i, raw.size())));
            boolean plain = here.equals(mine);
            String before = claims.get(here);
            if (before == null && !plain && Files.exists(part, LinkOption.NOFOLLOW_LINKS)) before = here;
            if (before != null && !before.equals(mine)) {
                throw IoErrors.in(
                        archive,
                        shown(here) + "is what two different names in the archive become when they are read; unpack it"
                                + " with a program that knows its character set and give the folder");
            }
            // Most names are plain ASCII files and need no entry here.
            if (!plain || i < depth || folderEntry) claims.put(here, mine);
        }
    }

    private String slashed(Path path) {
        return folder.relativize(path).toString().replace(File.separatorChar, '/');
    }

    private void count() {
        if (++entries <= mostEntries) return;
        mostEntries =
                Math.min(MOST_ENTRIES, Limit.ARCHIVE_ENTRIES.value() + consumed.getAsLong() / LEAST_BYTES_OF_ENTRY);
        if (entries > mostEntries) {
            throw IoErrors.in(
                    archive,
                    "has more than " + mostEntries + " entries, out of proportion to its length; "
                            + Limit.ARCHIVE_ENTRIES.advice());
        }
    }

    /** Note names that other systems treat as equal. */
    private void compare(String name) {
        if (seen.size() >= MOST_COMPARED) return;
        String plain = Normalizer.normalize(name, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        String before = seen.putIfAbsent(plain, name);
        if (before != null && !before.equals(name)) {
            note("names that differ from another only in case or in the form of their Unicode are kept apart", name);
        }
    }

    /** Return the path of an entry, which must be below the folder on every system. */
    private Path inside(String name) {
        if (name.length() > LONGEST_PATH || name.chars().filter(c -> c == '/').count() > DEEPEST) {
            throw IoErrors.in(
                    archive,
                    shown(name) + "has a path of more than " + DEEPEST + " folders or " + LONGEST_PATH
                            + " characters; pack it with shorter ones");
        }
        if (EntryNames.longestPart(name) > LONGEST_NAME) {
            throw IoErrors.in(
                    archive,
                    shown(name) + "has a name of more than " + LONGEST_NAME + " bytes, which file systems do not"
                            + " allow; pack it with shorter ones");
        }
        boolean leadsOut = EntryNames.mayLeadOut(name);
        Path path =
                leadsOut ? folder : folder.resolve(EntryNames.possible(name)).normalize();
        if (leadsOut || !path.startsWith(folder)) {
            throw IoErrors.in(archive, shown(name) + "has a path that may lead out of the folder; refused");
        }
        return path;
    }

    /** Remember a link. Links are never created, so no path can lead through one. */
    void link(Name name, String target, boolean symbolic) throws IOException {
        count();
        Path from = inside(name.text());
        claim(from, name, false);
        // A hard link is relative to the archive's root, a symbolic link to its own folder.
        Path start = symbolic ? from.getParent() : folder;
        Path to = null;
        if (!target.isEmpty()
                && target.indexOf('\0') < 0
                && !target.startsWith("/")
                && !target.matches("[A-Za-z]:.*")) {
            to = start.resolve(EntryNames.possible(target)).normalize();
        }
        boolean tooLong = target.length() > LONGEST_PATH;
        if (to == null || !to.startsWith(folder) || tooLong) {
            leaveOut("links that lead out of the archive are left out", slashed(from), tooLong ? "…" : target);
            return;
        }
        boolean there = Files.isRegularFile(to, LinkOption.NOFOLLOW_LINKS);
        if (!symbolic && there && to.equals(from)) return;
        replace(from, name.text());
        // A later entry may replace the target of a hard link.
        if (!symbolic && there) copyOf(from, to);
        else links.put(from, to);
    }

    private void leaveOut(String why, String from, String to) {
        String last = from.substring(from.lastIndexOf('/') + 1);
        if (needed.test(last)) {
            throw IoErrors.in(
                    archive,
                    "the link '" + IoErrors.printable(from + " -> " + to)
                            + "' may stand for a split, and what it names is not in the archive; pack it with what"
                            + " links name (tar --dereference), or take the link out");
        }
        note(why, from + " -> " + to);
    }

    private void copyOf(Path from, Path to) throws IOException {
        try (InputStream content = Files.newInputStream(to)) {
            put(from, slashed(from), content);
        }
    }

    /** Copy the targets of links. A target may be a link or contain links. */
    private void resolveLinks() throws IOException {
        resolveFiles(folder);
        for (Path made = resolveFolder(); made != null; made = resolveFolder()) {
            // This may make other links resolvable.
            resolveFiles(made);
        }
        links.forEach((from, to) -> leaveOut(
                Files.isDirectory(to)
                        ? "links to folders around them, or where a folder lies, are left out"
                        : "links to what is not in the archive are left out",
                slashed(from),
                slashed(to)));
    }

    /** Copy the files below a linked folder, and then for links to those, in chains of any length. */
    private void resolveFiles(Path below) throws IOException {
        Map<Path, List<Path>> waiting = new LinkedHashMap<>();
        links.forEach((from, to) ->
                waiting.computeIfAbsent(to, any -> new ArrayList<>()).add(from));
        Deque<Path> there = new ArrayDeque<>();
        for (Path to : waiting.keySet()) {
            if (to.startsWith(below) && Files.isRegularFile(to, LinkOption.NOFOLLOW_LINKS)) there.add(to);
        }
        while (!there.isEmpty()) {
            Path to = there.remove();
            for (Path from : waiting.getOrDefault(to, List.of())) {
                if (links.remove(from) == null) continue;
                copyOf(from, to);
                there.add(from);
            }
        }
    }

    private @Nullable Path resolveFolder() throws IOException {
        List<Path> possible =
                links.keySet().stream().filter(this::canBeResolved).toList();
        // Each link is compared with all others after each copy.
        if (folderLinks + possible.size() > MOST_FOLDER_LINKS) {
            throw IoErrors.in(
                    archive,
                    "has more than " + MOST_FOLDER_LINKS + " links to folders; pack it with what they name (tar"
                            + " --dereference)");
        }
        for (Path from : possible) {
            Path to = links.get(from);
            if (possible.stream().anyMatch(other -> other.startsWith(to))) continue;
            links.remove(from);
            folderLinks++;
            note("links to folders became copies of them", slashed(from) + " -> " + slashed(to));
            try (Stream<Path> below = Files.walk(to)) {
                for (Path path : (Iterable<Path>) below::iterator) {
                    Path copy = from.resolve(to.relativize(path));
                    count();
                    if (Files.isDirectory(path)) makeFolder(copy);
                    else copyOf(copy, path);
                }
            }
            return from;
        }
        return null;
    }

    /** Return whether a link points to a folder that does not contain it, and its own path is free. */
    private boolean canBeResolved(Path from) {
        Path to = links.get(from);
        return to != null
                && Files.isDirectory(to, LinkOption.NOFOLLOW_LINKS)
                && !from.startsWith(to)
                && !Files.exists(from, LinkOption.NOFOLLOW_LINKS);
    }

    private void copy(InputStream content, Path path, String name) throws IOException {
        try (OutputStream out = create(path, name)) {
            for (int count = content.read(chunk); count >= 0; count = content.read(chunk)) {
                grow(count);
                try {
                    out.write(chunk, 0, count);
                } catch (IOException e) {
                    throw IoErrors.writing(path, e);
                }
            }
        }
    }

    void grow(int count) {
        written += count;
        require(written, allowed);
    }

    /** Count bytes of a tar, including headers. */
    void read(int count) {
        read += count;
        require(read, allowed + ALWAYS_ALLOWED);
    }

    private void require(long bytes, long most) {
        if (bytes > most) {
            throw IoErrors.in(
                    archive,
                    "unpacks to more than " + most + " bytes, out of proportion; " + Limit.ARCHIVE_GROWTH.advice());
        }
    }

    private OutputStream create(Path path, String name) {
        try {
            return Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new LimbeckException(
                    archive + ": " + shown(name) + "occurs twice, or differs from another only in case", e);
        } catch (IOException e) {
            throw IoErrors.writing(path, e);
        }
    }

    static String shown(String name) {
        return "entry '" + IoErrors.printable(name) + "' ";
    }
}
