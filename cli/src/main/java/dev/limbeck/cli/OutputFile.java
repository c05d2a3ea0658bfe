package dev.limbeck.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Check files to write before long work. */
final class OutputFile {
    private OutputFile() {}

    /**
     * Check that a file can be written. Folders that it lacks can be created.
     *
     * @param option that names the file
     * @param file null if the option was not given
     */
    static void check(String option, @Nullable Path file) {
        if (file == null) return;
        if (file.toString().isBlank() || Files.isDirectory(file)) {
            throw wrong(option, "found the folder '" + file + "'");
        }
        if (Files.exists(file) && !Files.isWritable(file))
            throw wrong(option, "found " + file + ", which is read-only");
        Path folder = file.toAbsolutePath().normalize().getParent();
        while (folder != null && !Files.exists(folder)) folder = folder.getParent();
        if (folder == null) throw wrong(option, "found " + file + " in no folder");
        if (!Files.isDirectory(folder)) throw wrong(option, "found " + file + ", but " + folder + " is a file");
        if (!Files.isWritable(folder) && !Files.exists(file)) {
            throw wrong(option, "found " + file + ", but the folder " + folder + " cannot be written");
        }
    }

    private static WrongOption wrong(String option, String found) {
        return new WrongOption(option + " must be the name of a file to write, " + found + "; choose another");
    }
}
