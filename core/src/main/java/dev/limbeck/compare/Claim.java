package dev.limbeck.compare;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Shard;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.Leftovers;
import dev.limbeck.run.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hold the lock of a folder, or of one shard of its runs, and the parent folders that were created for it. A folder is
 * written by one program, or by one program for each shard of the same number.
 */
record Claim(FolderLock lock, List<Path> made) implements AutoCloseable {
    private static final Pattern SHARD = Pattern.compile("\\.shard-(\\d+)-of-(\\d+)\\.lock");

    /**
     * Lock a folder before anything is opened or computed.
     *
     * @throws LimbeckException if the folder is a run or not writable, or another process writes the same runs
     */
    static Claim of(Path out, Shard shard) {
        List<Path> missing = new ArrayList<>();
        Path whole = out.toAbsolutePath().normalize();
        for (Path folder = whole; folder != null && !Files.exists(folder); folder = folder.getParent()) {
            missing.add(folder);
        }
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new LimbeckException(out + " is a file, expected a folder; choose another --out");
        }
        if (Files.exists(out.resolve(RunDirectory.RECORD_NAME))) {
            throw new LimbeckException(out + " is a run, whose report would be replaced; choose another --out");
        }
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new LimbeckException("cannot write to " + out + " (" + e.getMessage() + "); choose another --out", e);
        }
        if (!Files.isWritable(out)) {
            throw new LimbeckException("this user may not write to " + out + "; choose another --out");
        }
        // Held for a moment: programs that start at the same time must not take each other's look for a lock.
        try (FolderLock looking = FolderLock.await(whole.resolve(".claim.lock"), out)) {
            return new Claim(shard.count() == 1 ? all(whole, out) : one(whole, out, shard), missing);
        } catch (LimbeckException e) {
            missing.forEach(Leftovers::deleteEmpty);
            throw e;
        }
    }

    private static FolderLock all(Path whole, Path out) {
        FolderLock lock = FolderLock.take(FolderLock.inside(whole), out);
        try {
            checkShards(whole, out, 1);
            return lock;
        } catch (LimbeckException e) {
            lock.close();
            throw e;
        }
    }

    private static FolderLock one(Path whole, Path out, Shard shard) {
        FolderLock.check(FolderLock.inside(whole), out);
        checkShards(whole, out, shard.count());
        String name = ".shard-" + shard.index() + "-of-" + shard.count() + ".lock";
        return FolderLock.take(whole.resolve(name), words(shard.index(), shard.count(), out));
    }

    /** Check that no program writes a shard of another number. */
    private static void checkShards(Path whole, Path out, int count) {
        try (Stream<Path> files = Files.list(whole)) {
            for (Path file : files.toList()) {
                Matcher name = SHARD.matcher(file.getFileName().toString());
                if (!name.matches() || name.group(2).equals(String.valueOf(count))) continue;
                FolderLock.check(file, words(name.group(1), name.group(2), out));
            }
        } catch (IOException e) {
            throw IoErrors.reading(out, e);
        }
    }

    private static String words(Object index, Object count, Path out) {
        return "shard " + index + "/" + count + " of " + out;
    }

    /** Release the lock and remove created folders that are empty. */
    @Override
    public void close() {
        lock.close();
        made.forEach(Leftovers::deleteEmpty);
    }
}
