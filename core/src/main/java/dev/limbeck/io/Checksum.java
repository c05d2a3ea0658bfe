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
 * Hold what the content of a file must add up to. Some publishers give the whole SHA-256, some its first digits in the
 * file's name, some only an MD5, which guards against accidents but not against a forger.
 *
 * @param hex lower-case hexadecimal digits; for {@link Kind#SHA256_PREFIX} the first 8 to 64 of them
 */
public record Checksum(Kind kind, String hex) {
    /** The ways in which publishers state a checksum. */
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

    /** Expect an MD5 of 32 digits. */
    public static Checksum md5(String hex) {
        return new Checksum(Kind.MD5, hex);
    }

    /** Expect a SHA-256 of 64 digits. */
    public static Checksum sha256(String hex) {
        return new Checksum(Kind.SHA256, hex);
    }

    /** Expect a SHA-256 that begins with at least 8 digits. */
    public static Checksum sha256Prefix(String hex) {
        return new Checksum(Kind.SHA256_PREFIX, hex);
    }

    /** Compute the SHA-256 of a file in hex. */
    public static String sha256Of(Path file) {
        return digits(file, Kind.SHA256);
    }

    /** Compute the SHA-256 of a text's UTF-8 bytes in hex. */
    public static String sha256Of(String text) {
        return DigestUtils.sha256Hex(text);
    }

    /** Compute the digits of a file, as many as are expected. */
    public String of(Path file) {
        return digits(file, kind).substring(0, hex.length());
    }

    private static String digits(Path file, Kind kind) {
        // The library reads a kilobyte at a time.
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), CHUNK)) {
            return new DigestUtils(kind.algorithm).digestAsHex(in);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /** Write the kind and the digits: {@code SHA-256 ab12…}. */
    @Override
    public String toString() {
        return kind.algorithm + " " + hex;
    }
}
