package dev.limbeck.io;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry.NameSource;

/** Decode the names of archive entries, and detect those that may leave a folder. */
public final class EntryNames {
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:[/\\\\].*");
    /** Code pages for names that are not UTF-8. In each, different bytes are different characters. */
    private static final Charset OF_ZIP = charset("IBM437");

    private static final Charset OF_UNIX = charset("windows-1252");

    private EntryNames() {}

    /** Return the character sets to try for a tar's names, in order. The first that has every byte is used. */
    static List<Charset> ofTar() {
        return Stream.of(StandardCharsets.UTF_8, OF_UNIX, OF_ZIP, StandardCharsets.ISO_8859_1)
                .distinct()
                .toList();
    }

    /** Return the character set of zip names without a declared one. */
    static Charset ofZip(List<ZipArchiveEntry> entries) {
        return entries.stream().allMatch(entry -> saysCharset(entry) || isUtf8(entry.getRawName()))
                ? StandardCharsets.UTF_8
                : OF_ZIP;
    }

    private static Charset charset(String name) {
        // A minimal Java runtime lacks some.
        return Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.ISO_8859_1;
    }

    /**
     * Hold the name of an entry.
     *
     * @param raw raw bytes, one character each, which identify the name
     * @param assumed whether its character set is an assumption
     */
    record Name(String text, String raw, boolean assumed) {
        static Name sure(byte[] utf8) {
            return new Name(new String(utf8, StandardCharsets.UTF_8), EntryNames.raw(utf8), false);
        }

        /** Return the name with slashes only. In tar archives from Unix, a backslash is part of a name. */
        Name withSlashes(boolean zip) {
            return zip || WINDOWS ? new Name(text.replace('\\', '/'), raw.replace('\\', '/'), assumed) : this;
        }
    }

    private static String raw(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * Decode a name.
     *
     * @throws CharacterCodingException if the character set lacks one of its bytes
     */
    static Name decode(byte[] bytes, Charset charset) throws CharacterCodingException {
        String text = charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        boolean ascii = text.chars().allMatch(c -> c < 128);
        return new Name(text, raw(bytes), !ascii && charset != StandardCharsets.UTF_8);
    }

    /**
     * Decode the name of a zip entry: by its Unicode field or flag, or else with the archive's character set.
     *
     * <p>Source: PKWARE's APPNOTE, appendix D.
     */
    static Name of(ZipArchiveEntry entry, Charset charset) throws CharacterCodingException {
        if (saysCharset(entry)) return Name.sure(entry.getName().getBytes(StandardCharsets.UTF_8));
        return decode(entry.getRawName(), charset);
    }

    private static boolean saysCharset(ZipArchiveEntry entry) {
        return entry.getNameSource() != NameSource.NAME || entry.getRawName() == null;
    }

    static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Return the parts of a path without empty and dot parts. */
    public static List<String> parts(String path) {
        return Arrays.stream(path.split("/"))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toList();
    }

    /** Return the number of UTF-8 bytes of the longest part of a path. */
    static int longestPart(String path) {
        return parts(path).stream()
                .mapToInt(part -> part.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(0);
    }

    /**
     * Return whether a file belongs to macOS and has a name that other systems do not allow, such as {@code Icon\r}.
     */
    public static boolean isSystemFile(String name) {
        if (name.chars().noneMatch(Character::isISOControl)) return false;
        List<String> parts = parts(name);
        String last = parts.isEmpty() ? "" : parts.get(parts.size() - 1);
        return last.equals("Icon\r") || last.startsWith("._") || parts.contains("__MACOSX");
    }

    /** Return a name that is valid on this system. Windows reserves colons. */
    public static String possible(String name) {
        return WINDOWS ? name.replace(':', '_') : name;
    }

    /** Return whether a path is absolute or may leave the folder, on any system. */
    public static boolean mayLeadOut(String name) {
        List<String> parts = Arrays.asList(name.split("[/\\\\]"));
        return name.isEmpty()
                || name.startsWith("/")
                || name.startsWith("\\")
                || DRIVE.matcher(name).matches()
                || name.chars().anyMatch(Character::isISOControl)
                || parts.contains("..");
    }
}
