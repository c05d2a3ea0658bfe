package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
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
public final class KeptTeacher implements Teacher {
    private final Teacher teacher;
    private final Keeping keeping;

    private KeptTeacher(Teacher teacher, Keeping keeping) {
        this.teacher = teacher;
        this.keeping = keeping;
    }

    /**
     * Remember a teacher's logits in memory.
     *
     * @param budget most rows that are remembered; what comes later is computed each time
     */
    public static KeptTeacher inMemory(Teacher teacher, long budget) {
        return new KeptTeacher(teacher, Keeping.inMemory(budget));
    }

    /**
     * Remember a teacher's logits, and the features that losses compare, in a folder. Any number of programs may use it at
     * once.
     *
     * @param told takes a line about what is there, and about what is damaged
     */
    public static KeptTeacher onDisk(Teacher teacher, Path folder, Encoding encoding, Consumer<String> told) {
        return new KeptTeacher(teacher, Keeping.onDisk(folder, encoding, told));
    }

    /** Return the share of rows that needed no computation so far; NaN before the first. */
    public double share() {
        return (double) keeping.counts().found / keeping.counts().asked;
    }

    /** Return whether answers could not be written, as on a full disk, and so are not kept. */
    public boolean hasLost() {
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
    public KeptTeacher in(Precision precision) {
        return new KeptTeacher(teacher.in(precision), keeping);
    }

    /**
     * {@inheritDoc}
     *
     * @throws LimbeckException if the folder holds other answers than these would be, or none could be asked for twice
     */
    @Override
    public Lesson begin(Data data, Device device) {
        Lesson lesson = teacher.begin(data, device);
        try {
            return new KeptLesson(lesson, teacher.name(), keeping, data, device);
        } catch (RuntimeException e) {
            lesson.close();
            throw e;
        }
    }
}
