package dev.limbeck.report;

import dev.limbeck.io.FolderLock;
import dev.limbeck.io.IoErrors;
import dev.limbeck.run.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Hold the place of a run, which may still be written.
 *
 * @param name path below the folder that was searched, with slashes; for a single run the folder's name
 * @param out the run directory, once it is complete
 * @param folder where the files are
 */
record FoundRun(String name, Path out, Path folder, State state) {
    /** Name how far a run is. */
    enum State {
        FINISHED,
        RUNNING,
        INTERRUPTED;

        /** Return the name for people and in JSON. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String UNFINISHED = ".unfinished";
    /** A comparison has its runs in folders of its recipes, and a project may have folders of comparisons. */
    private static final int DEEPEST = 5;

    /** Return the run at a path: the one that is being written, else a complete one, else an interrupted one; empty if there is none. */
    static Optional<FoundRun> at(Path out) {
        Path whole = out.toAbsolutePath().normalize();
        Path last = whole.getFileName();
        if (last == null) return Optional.empty();
        String name = last.toString();
        Path unfinished = RunDirectory.unfinished(whole);
        boolean isLeft = Files.isDirectory(unfinished);
        if (isLeft && FolderLock.seemsHeld(FolderLock.beside(whole))) {
            return Optional.of(new FoundRun(name, whole, unfinished, State.RUNNING));
        }
        if (Files.isRegularFile(whole.resolve(RunDirectory.RECORD_NAME))) {
            return Optional.of(new FoundRun(name, whole, whole, State.FINISHED));
        }
        return isLeft ? Optional.of(new FoundRun(name, whole, unfinished, State.INTERRUPTED)) : Optional.empty();
    }

    /**
     * Return the runs below a folder by name. Hidden folders are left out.
     *
     * @throws dev.limbeck.LimbeckException if a folder is not readable
     */
    static List<FoundRun> below(Path folder) {
        List<FoundRun> found = new ArrayList<>();
        search(folder, "", DEEPEST, found);
        found.sort(Comparator.comparing(FoundRun::name));
        return found;
    }

    private static void search(Path folder, String prefix, int depth, List<FoundRun> found) {
        List<Path> inner;
        try (Stream<Path> all = Files.list(folder)) {
            inner = all.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            if (!Files.exists(folder)) return; // moved in the meantime
            throw IoErrors.reading(folder, e);
        }
        for (Path each : inner) {
            String name = each.getFileName().toString();
            if (name.startsWith(".")) continue;
            boolean isLeft = name.endsWith(UNFINISHED);
            String target = isLeft ? name.substring(0, name.length() - UNFINISHED.length()) : name;
            Optional<FoundRun> run = at(each.resolveSibling(target));
            if (run.isPresent()) {
                FoundRun there = run.get();
                // A run that replaces an older one is found twice.
                if (there.folder.getFileName().equals(each.getFileName())) {
                    found.add(new FoundRun(prefix + target, there.out, there.folder, there.state));
                }
            } else if (depth > 1) {
                search(each, prefix + name + "/", depth - 1, found);
            }
        }
    }
}
