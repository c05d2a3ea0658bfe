package dev.limbeck.distill.teacher;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Data;
import dev.limbeck.tensor.Precision;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * Say where a teacher works.
 *
 * @param data whose rows it sees
 * @param device that it computes on, where it can choose
 * @param precision that it computes in, unless it has its own
 * @param trial how it sees its inputs, to find out what fits it; null for as it should
 * @param judges whether its outputs are judged only: a session of a training may need more of them, such as features
 */
public record TeacherContext(
        Data data,
        Device device,
        Precision precision,
        @Nullable Preprocessing trial,
        boolean judges) {
    /** Work for a training. */
    public TeacherContext(Data data, Device device, Precision precision, @Nullable Preprocessing trial) {
        this(data, device, precision, trial, false);
    }

    /** Work on a device in the precision that is fast there. */
    public static TeacherContext of(Data data, Device device) {
        return new TeacherContext(data, device, Precision.of(Precision.AUTO, device), null);
    }

    /** Return the same for inputs that are prepared in another way. */
    public TeacherContext trying(Preprocessing other) {
        return new TeacherContext(data, device, precision, other, judges);
    }

    /** Return the same for outputs that are judged only. */
    public TeacherContext judging() {
        return new TeacherContext(data, device, precision, trial, true);
    }
}
