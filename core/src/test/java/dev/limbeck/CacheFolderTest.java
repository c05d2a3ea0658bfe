package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
    @TempDir
    Path folder;

    @Test
    void aHomeIsAFolderThatMayBeWritten() throws IOException {
        assertThat(CacheFolder.usable(folder.toString())).contains(folder);
        // Java's values for a user without a passwd entry, and paths relative to the working directory.
        for (String none : new String[] {
            "", " ", "?", "relative", folder.resolve("missing").toString()
        }) {
            assertThat(CacheFolder.usable(none)).as(none).isEmpty();
        }
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(CacheFolder.usable(file.toString())).isEmpty();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(CacheFolder.usable(folder.toString())).as("everyone's").isEmpty();
    }

    @Test
    void theTemporaryFolderIsTheUsersOwnAndStays() throws IOException {
        Path first = CacheFolder.temporary(folder);
        assertThat(first).isDirectory().hasParent(folder);
        assertThat(CacheFolder.temporary(folder)).isEqualTo(first);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(first);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(first)))
                .isEqualTo("rwx------");
    }

    @Test
    void aFolderThatOthersMayWriteIsNotUsed() throws IOException {
        Path first = CacheFolder.temporary(folder);
        Files.setPosixFilePermissions(first, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(CacheFolder.temporary(folder)).isNotEqualTo(first).isDirectory();
        Files.delete(first);
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.createSymbolicLink(first, elsewhere);
        assertThat(CacheFolder.temporary(folder)).isNotEqualTo(first).isDirectory();
    }

    @Test
    void nothingIsLeftWhereItFails() throws IOException {
        // A file system without owners.
        try (FileSystem zip = FileSystems.newFileSystem(folder.resolve("a.zip"), Map.of("create", "true"))) {
            Path root = zip.getPath("/");
            assertThatThrownBy(() -> CacheFolder.temporary(root))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("set LIMBECK_HOME");
            assertThat(root).isEmptyDirectory();
        }
    }
}
