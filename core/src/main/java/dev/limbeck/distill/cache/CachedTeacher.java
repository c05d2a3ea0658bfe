package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.distill.teacher.TeacherWrapper;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cache the outputs of another teacher, in memory or in a folder, so each is computed once. The key depends on the
 * content of each preprocessed and augmented row, in memory also on its batch, not on the epoch. Rows without a key are
 * computed each time. A cache can be used by several fits in sequence. If a teacher was trained further between them, a cache in memory drops
 * its rows, and a folder refuses it; one without a fingerprint, such as a function, counts as the same.
 */
public final class CachedTeacher extends TeacherWrapper {
    private final CacheConfig keeping;

    private CachedTeacher(Teacher teacher, CacheConfig keeping) {
        super(teacher);
        this.keeping = keeping;
    }

    /**
     * Cache a teacher's logits in memory. The last bits of an output depend on the batch, so a row is found only in an equal one: the same
     * rows in the same order, as those of a validation split, or of a training that is repeated with the same seed.
     *
     * @param budget maximum number of cached rows; further rows are computed each time
     */
    public static CachedTeacher inMemory(Teacher teacher, long budget) {
        return new CachedTeacher(teacher, CacheConfig.inMemory(budget));
    }

    /**
     * Cache a teacher's logits, and the features that losses use, in a folder. Several processes may share the folder.
     *
     * @param log receives lines about existing and damaged files
     */
    public static CachedTeacher onDisk(Teacher teacher, Path folder, Encoding encoding, Consumer<String> log) {
        return new CachedTeacher(teacher, CacheConfig.onDisk(folder, encoding, log));
    }

    /** {@inheritDoc} The embeddings are cached. */
    @Override
    public Teacher embedding(@Nullable String layer) {
        Teacher other = wrapped().embedding(layer);
        if (other == wrapped()) return this;
        // Rows in memory have one width.
        return new CachedTeacher(other, keeping.folder() == null ? CacheConfig.inMemory(keeping.budget()) : keeping);
    }

    /** Return the hit rate so far, in [0, 1]; NaN before the first row. */
    public double hitRate() {
        return (double) keeping.counts().found / keeping.counts().requested;
    }

    /** Return whether outputs could not be written, for example on a full disk. */
    public boolean hasWriteErrors() {
        return keeping.counts().lost;
    }

    /**
     * {@inheritDoc}
     *
     * @throws LimbeckException if the folder holds outputs of other settings, or no output would be used twice
     */
    @Override
    public TeacherSession open(TeacherContext context) {
        TeacherSession session = wrapped().open(context);
        // Outputs for inputs that are prepared otherwise than they should be are of no use later.
        if (context.trial() != null) return session;
        // A training may cache features too, so its first session decides what a row of a folder holds.
        if (context.judges() && keeping.folder() != null && !RowLayout.isOfOutputsAlone(keeping.folder()))
            return session;
        try {
            return new CachedSession(session, name(), keeping, context);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }
}
