package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.cache.DiskStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Write a folder under a temporary name beside it, and rename it when it is complete. Closing deletes what was not published. */
final class OutputFolder implements AutoCloseable {
    private final FileSystem files;
    private final Configuration configuration;
    private final Path target;
    private final Path temporary;

    private OutputFolder(FileSystem files, Configuration configuration, Path target, Path temporary) {
        this.files = files;
        this.configuration = configuration;
        this.target = target;
        this.temporary = temporary;
    }

    /**
     * Begin a folder.
     *
     * @throws LimbeckException if it exists, or cannot be made
     */
    static OutputFolder create(SparkSession spark, String out) {
        Configuration configuration = spark.sessionState().newHadoopConf();
        try {
            FileSystem files = new Path(out).getFileSystem(configuration);
            Path target = files.makeQualified(new Path(out));
            if (files.exists(target)) {
                throw new LimbeckException(out + " exists already; choose another folder, or delete that one");
            }
            // Spark passes over names that begin with a dot.
            Path temporary = target.suffix("." + UUID.randomUUID() + ".tmp");
            if (!files.mkdirs(temporary)) throw new IOException("the folder is not made");
            files.deleteOnExit(temporary);
            return new OutputFolder(files, configuration, target, temporary);
        } catch (IOException | IllegalArgumentException e) {
            throw unwritable(out, e);
        }
    }

    private static LimbeckException unwritable(Object out, Exception e) {
        return new LimbeckException("cannot write " + out + " (" + e.getMessage() + "); choose another folder", e);
    }

    /** Return the path of a folder inside. */
    String inside(String name) {
        return new Path(temporary, name).toString();
    }

    void delete(String name) {
        try {
            files.delete(new Path(temporary, name), true);
        } catch (IOException e) {
            throw unwritable(target, e);
        }
    }

    /** Add the facts, and give the folder its name. */
    void publish(String facts) {
        try {
            try (OutputStream bytes = files.create(new Path(temporary, DiskStore.FACTS), false)) {
                bytes.write(facts.getBytes(StandardCharsets.UTF_8));
            }
            // Unlike a file system's own renaming, this never moves into a folder that another has made meanwhile.
            FileContext.getFileContext(target.toUri(), configuration).rename(temporary, target, Options.Rename.NONE);
        } catch (IOException e) {
            throw unwritable(target, e);
        }
    }

    /** Return the size of the published folder. */
    long bytes() {
        try {
            return files.getContentSummary(target).getLength();
        } catch (IOException e) {
            throw unwritable(target, e);
        }
    }

    @Override
    public void close() {
        try {
            files.delete(temporary, true);
        } catch (FileNotFoundException e) {
            // It was published.
            return;
        } catch (IOException e) {
            throw unwritable(temporary, e);
        }
    }
}
