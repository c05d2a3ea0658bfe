package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Device;

/**
 * Remember what another teacher answered, in memory or in a folder, so that it is computed once. Answers are found by the
 * content of each row as it is shown, augmentation included, whatever order or epoch brought it. Rows that nothing stands
 * for, such as mixed images, are answered anew each time. Safe to use from several fits one after the other.
 */
public final class CachedTeacher implements Teacher {
    private final Teacher teacher;
    private final CacheConfig keeping;

    private CachedTeacher(Teacher teacher, CacheConfig keeping) {
        this.teacher = teacher;
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

    @Override
    public String name() {
        return teacher.name();
    }

    @Override
    public List<String> classNames() {
        return teacher.classNames();
    }

    @Override
    public int classes() {
        return teacher.classes();
    }

    @Override
    public CachedTeacher withPrecision(Precision precision) {
        return new CachedTeacher(teacher.withPrecision(precision), keeping);
    }

    /**
     * {@inheritDoc}
     *
     * @throws LimbeckException if the folder holds other answers than these would be, or none could be asked for twice
     */
    @Override
    public TeacherSession open(Data data, Device device) {
        TeacherSession lesson = teacher.open(data, device);
        try {
            return new CachedSession(lesson, teacher.name(), keeping, data, device);
        } catch (RuntimeException e) {
            lesson.close();
            throw e;
        }
    }
}
