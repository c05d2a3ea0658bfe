package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.distill.teacher.TeacherWrapper;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Remember what another teacher answered, in memory or in a folder, so that it is computed once. Answers are found by the
 * content of each row as it is shown, augmentation included, whatever order or epoch brought it. Rows that nothing stands
 * for, such as mixed images, are answered anew each time. Safe to use from several fits one after the other.
 */
public final class CachedTeacher extends TeacherWrapper {
    private final CacheConfig keeping;

    private CachedTeacher(Teacher teacher, CacheConfig keeping) {
        super(teacher);
        this.keeping = keeping;
    }

    /**
     * Remember a teacher's logits in memory.
     *
     * @param budget most rows that are remembered; what comes later is computed each time
     */
    public static CachedTeacher inMemory(Teacher teacher, long budget) {
        return new CachedTeacher(teacher, CacheConfig.inMemory(budget));
    }

    /**
     * Remember a teacher's logits, and the features that losses compare, in a folder. Any number of programs may use it at
     * once.
     *
     * @param log takes a line about what is there, and about what is damaged
     */
    public static CachedTeacher onDisk(Teacher teacher, Path folder, Encoding encoding, Consumer<String> log) {
        return new CachedTeacher(teacher, CacheConfig.onDisk(folder, encoding, log));
    }

    /** Return the share of rows that needed no computation so far; NaN before the first. */
    public double hitRate() {
        return (double) keeping.counts().found / keeping.counts().asked;
    }

    /** Return whether answers could not be written, as on a full disk, and so are not kept. */
    public boolean hasWriteErrors() {
        return keeping.counts().lost;
    }

    /**
     * {@inheritDoc}
     *
     * @throws LimbeckException if the folder holds other answers than these would be, or none could be asked for twice
     */
    @Override
    public TeacherSession open(TeacherContext context) {
        TeacherSession session = wrapped().open(context);
        // Outputs for inputs that are prepared otherwise than they should be are of no use later.
        if (context.trial() != null) return session;
        try {
            return new CachedSession(session, name(), keeping, context);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }
}
