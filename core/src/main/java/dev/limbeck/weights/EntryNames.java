package dev.limbeck.weights;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry.NameSource;

/** Read the names of archive entries as their programs meant them, and find those that may lead out of a folder. */
final class EntryNames {
    private static final boolean WINDOWS =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:[/\\\\].*");
    private static final String CODE_PAGE = "IBM437";

    private EntryNames() {}

    /**
     * A name of a zip entry.
     *
     * @param assumed whether its character set was not said and it is no UTF-8, so that it was read as code page 437
     */
    record Name(String text, boolean assumed) {}

    /**
     * Decode the name of a zip entry: as its Unicode field or flag says; else UTF-8 if its bytes are; else code page 437.
     *
     * <p>Source: PKWARE's APPNOTE, appendix D.
     */
    static Name of(ZipArchiveEntry entry) {
        byte[] raw = entry.getRawName();
        if (entry.getNameSource() != NameSource.NAME || raw == null) return new Name(entry.getName(), false);
        try {
            return new Name(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(raw))
                            .toString(),
                    false);
        } catch (CharacterCodingException e) {
            // A Java of few modules lacks the code page.
            Charset charset = Charset.isSupported(CODE_PAGE) ? Charset.forName(CODE_PAGE) : StandardCharsets.ISO_8859_1;
            return new Name(new String(raw, charset), true);
        }
    }

    /** Return a path with slashes alone; in tar archives from Unix a backslash is part of a name. */
    static String withSlashes(String name, boolean zip) {
        return zip || WINDOWS ? name.replace('\\', '/') : name;
    }

    /** Return a name that this system can have: Windows keeps colons for other things. */
    static String possible(String name) {
        return WINDOWS ? name.replace(':', '_') : name;
    }

    /** Return whether a path is absolute or may climb, on this system or another. */
    static boolean mayLeadOut(String name) {
        List<String> parts = Arrays.asList(name.split("[/\\\\]"));
        return name.isEmpty()
                || name.startsWith("/")
                || name.startsWith("\\")
                || DRIVE.matcher(name).matches()
                || name.chars().anyMatch(Character::isISOControl)
                || parts.contains("..");
    }
}
