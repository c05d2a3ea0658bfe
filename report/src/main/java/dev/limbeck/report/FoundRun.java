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
    /** The confirmation of a sweep has runs five folders below the sweep's, and a project may have folders of sweeps. */
    private static final int DEEPEST = 8;

    /**
     * Hold what a search found.
     *
     * @param runs by name
     * @param unsearched folders that hold others, but are too deep to look into them
     */
    record Search(List<FoundRun> runs, List<String> unsearched) {
        /** Return a sentence about what was not searched; empty if there is nothing. */
        Optional<String> limit() {
            if (unsearched.isEmpty()) return Optional.empty();
            int more = unsearched.size() - 1;
            return Optional.of("Folders more than " + DEEPEST + " levels deep are not searched, such as those in "
                    + unsearched.get(0) + (more == 0 ? "" : " and " + more + " others") + ".");
        }
    }

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
     * Find the runs below a folder, at most {@value #DEEPEST} levels deep. Hidden folders are left out.
     *
     * @throws dev.limbeck.LimbeckException if a folder is not readable
     */
    static Search below(Path folder) {
        Search found = new Search(new ArrayList<>(), new ArrayList<>());
        search(folder, "", DEEPEST, found);
        found.runs.sort(Comparator.comparing(FoundRun::name));
        return found;
    }

    private static void search(Path folder, String prefix, int depth, Search found) {
        for (Path each : inner(folder)) {
            String name = each.getFileName().toString();
            boolean isLeft = name.endsWith(UNFINISHED);
            String target = isLeft ? name.substring(0, name.length() - UNFINISHED.length()) : name;
            Optional<FoundRun> run = at(each.resolveSibling(target));
            if (run.isPresent()) {
                FoundRun there = run.get();
                // A run that replaces an older one is found twice.
                if (there.folder.getFileName().equals(each.getFileName())) {
                    found.runs.add(new FoundRun(prefix + target, there.out, there.folder, there.state));
                }
            } else if (depth > 1) {
                search(each, prefix + name + "/", depth - 1, found);
            } else if (!inner(each).isEmpty()) {
                found.unsearched.add(prefix + name);
            }
        }
    }

    private static List<Path> inner(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(Files::isDirectory)
                    .filter(each -> !each.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            if (!Files.exists(folder)) return List.of(); // moved in the meantime
            throw IoErrors.reading(folder, e);
        }
    }
}
