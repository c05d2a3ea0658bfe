package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Hold an expected checksum. Publishers state a full SHA-256, its first digits, or only an MD5, which detects accidents
 * but not forgery.
 *
 * @param hex lower-case hexadecimal digits; for {@link Kind#SHA256_PREFIX} the first 8 to 64 of them
 */
public record Checksum(Kind kind, String hex) {
    /** Kind of a checksum. */
    public enum Kind {
        MD5("MD5", 32, 32),
        SHA256("SHA-256", 64, 64),
        SHA256_PREFIX("SHA-256", 8, 64);

        private final String algorithm;
        private final int fewest;
        private final int most;

        Kind(String algorithm, int fewest, int most) {
            this.algorithm = algorithm;
            this.fewest = fewest;
            this.most = most;
        }
    }

    private static final int CHUNK = 1 << 16;

    public Checksum {
        hex = hex.toLowerCase(Locale.ROOT);
        if (!hex.matches("[0-9a-f]*") || hex.length() < kind.fewest || hex.length() > kind.most) {
            throw new LimbeckException("a checksum " + kind + " has " + kind.fewest
                    + (kind.fewest == kind.most ? "" : " to " + kind.most) + " hexadecimal digits, found '" + hex
                    + "'");
        }
    }

    /** Create an MD5 of 32 digits. */
    public static Checksum md5(String hex) {
        return new Checksum(Kind.MD5, hex);
    }

    /** Create a SHA-256 of 64 digits. */
    public static Checksum sha256(String hex) {
        return new Checksum(Kind.SHA256, hex);
    }

    /** Create a prefix of a SHA-256, with at least 8 digits. */
    public static Checksum sha256Prefix(String hex) {
        return new Checksum(Kind.SHA256_PREFIX, hex);
    }

    /** Return the SHA-256 of a file in hex. */
    public static String sha256Of(Path file) {
        return digits(file, Kind.SHA256);
    }

    /** Return the SHA-256 of a text's UTF-8 bytes in hex. */
    public static String sha256Of(String text) {
        return DigestUtils.sha256Hex(text);
    }

    /** Return the digits of a file's checksum, in the expected number. */
    public String of(Path file) {
        return digits(file, kind).substring(0, hex.length());
    }

    private static String digits(Path file, Kind kind) {
        // The library reads only a kilobyte at a time.
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), CHUNK)) {
            return new DigestUtils(kind.algorithm).digestAsHex(in);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /** Return kind and digits: {@code SHA-256 ab12…}. */
    @Override
    public String toString() {
        return kind.algorithm + " " + hex;
    }
}
