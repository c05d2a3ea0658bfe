package dev.limbeck.data.image;

import dev.limbeck.io.Checksum;
import org.jspecify.annotations.Nullable;

/** Hold a published file with its checksums; the SHA-256 is null if only the MD5 is published. */
record RemoteFile(String name, String md5, @Nullable String sha256) {
    RemoteFile(String name, String md5) {
        this(name, md5, null);
    }

    /**
     * Return the expected checksum.
     *
     * @param expected the MD5, or another one for a test file
     */
    Checksum checksum(String expected) {
        return sha256 != null && expected.equals(md5) ? Checksum.sha256(sha256) : Checksum.md5(expected);
    }
}
