package dev.limbeck.distill.teacher;

import dev.limbeck.data.Data;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Answer batches with logits. What a teacher needs while it teaches is held by a {@link Lesson}. */
public interface Teacher {
    /** Return the name that records show. */
    String name();

    /** Return the class names in the order of the logits; empty if the teacher does not know them. */
    List<String> classNames();

    /** Return the number of logits, 0 if it is not known before the first batch. */
    int classes();

    /**
     * Get ready to teach: in evaluation mode, frozen, on the device.
     *
     * @param data whose inputs the teacher will see
     */
    Lesson begin(Data data, Device device);

    /** Give logits for inputs; closing it puts the teacher back as it was. */
    interface Lesson extends AutoCloseable {
        /**
         * Compute logits, rows×classes, outside the graph.
         *
         * @param input as the student sees it
         */
        Tensor logits(Tensor input);

        /** Return a SHA-256 over everything the teacher computes with; equal before and after if it is unchanged. */
        String fingerprint();

        @Override
        void close();
    }
}
