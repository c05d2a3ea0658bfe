package dev.limbeck.data.image;

import dev.limbeck.io.Checksum;
import org.jspecify.annotations.Nullable;

/** Name a published file and its checksums; the SHA-256 is null where only the MD5 is published. */
record RemoteFile(String name, String md5, @Nullable String sha256) {
    RemoteFile(String name, String md5) {
        this(name, md5, null);
    }

    /**
     * Return what the file must have.
     *
     * @param expected the MD5, or another one for a file that a test made
     */
    Checksum checksum(String expected) {
        return sha256 != null && expected.equals(md5) ? Checksum.sha256(sha256) : Checksum.md5(expected);
    }
}
