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

/** Read the names of archive entries as their programs meant them, and find those that may lead out of a folder. */
public final class EntryNames {
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:[/\\\\].*");
    /** The code pages by which names are read that are not UTF-8; in each, different bytes are different characters. */
    private static final Charset OF_ZIP = charset("IBM437");

    private static final Charset OF_UNIX = charset("windows-1252");

    private EntryNames() {}

    /** Return the character sets to try for the names of a tar, in this order: the first that knows every byte is meant. */
    static List<Charset> ofTar() {
        return Stream.of(StandardCharsets.UTF_8, OF_UNIX, OF_ZIP, StandardCharsets.ISO_8859_1)
                .distinct()
                .toList();
    }

    /** Return the character set of a zip's names that do not say theirs. */
    static Charset ofZip(List<ZipArchiveEntry> entries) {
        return entries.stream().allMatch(entry -> saysCharset(entry) || isUtf8(entry.getRawName()))
                ? StandardCharsets.UTF_8
                : OF_ZIP;
    }

    private static Charset charset(String name) {
        // A Java of few modules lacks some.
        return Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.ISO_8859_1;
    }

    /**
     * A name of an entry.
     *
     * @param raw its bytes, a character each: what tells it from others
     * @param assumed whether its character set was not said and it was read by a code page
     */
    record Name(String text, String raw, boolean assumed) {
        static Name sure(byte[] utf8) {
            return new Name(new String(utf8, StandardCharsets.UTF_8), EntryNames.raw(utf8), false);
        }

        /** Return the name with slashes alone; in tar archives from Unix a backslash is part of a name. */
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
     * Decode the name of a zip entry: as its Unicode field or flag says, else by the character set of the archive.
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

    /** Return the parts of a path without those that mean nothing. */
    public static List<String> parts(String path) {
        return Arrays.stream(path.split("/"))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toList();
    }

    /** Return whether macOS keeps a file for itself under a name that other systems cannot have, as {@code Icon\r}. */
    public static boolean isSystemFile(String name) {
        if (name.chars().noneMatch(Character::isISOControl)) return false;
        List<String> parts = parts(name);
        String last = parts.isEmpty() ? "" : parts.get(parts.size() - 1);
        return last.equals("Icon\r") || last.startsWith("._") || parts.contains("__MACOSX");
    }

    /** Return a name that this system can have: Windows keeps colons for other things. */
    public static String possible(String name) {
        return WINDOWS ? name.replace(':', '_') : name;
    }

    /** Return whether a path is absolute or may climb, on this system or another. */
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
