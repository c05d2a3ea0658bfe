package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MissingFileTest {
    @TempDir
    Path home;

    private String said(String path) {
        return MissingFile.of("model", home.resolve(path), "expected a file")
                .getMessage()
                .replace(home.toString(), "$");
    }

    @Test
    void aNearFileOrFolderIsNamed() throws IOException {
        Files.createDirectories(home.resolve("runs/teacher"));
        Files.writeString(home.resolve("runs/teacher/model.pt"), "");
        Files.writeString(home.resolve("teacher.pt"), "");
        Files.createDirectories(home.resolve("photos"));
        assertThat(said("teachr.pt")).isEqualTo("no model at $/teachr.pt; did you mean $/teacher.pt?");
        assertThat(said("Teacher.pt")).endsWith("; did you mean $/teacher.pt?");
        assertThat(said("teacher.onnx")).endsWith("; did you mean $/teacher.pt?");
        assertThat(said("photo")).endsWith("; did you mean $/photos?");
        assertThat(said("runs/teachre")).endsWith("; did you mean $/runs/teacher?");
        assertThat(said("run/teacher/model.pt"))
                .as("a folder on the way")
                .endsWith("; did you mean $/runs/teacher/model.pt?");
        assertThat(said("runs/techer/none.pt")).endsWith("; did you mean $/runs/teacher?");
    }

    @Test
    void whatIsNotNearIsNotNamed() throws IOException {
        Files.writeString(home.resolve("teacher.pt"), "");
        assertThat(said("student")).isEqualTo("no model at $/student; expected a file");
        assertThat(said("none/at/all.pt")).endsWith("; expected a file");
        assertThat(MissingFile.meant(Path.of("no-such-file-anywhere-at-all"))).isEmpty();
        assertThat(MissingFile.meant(Path.of("/"))).isEmpty();
    }
}
