package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Predictions;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Answer batches with logits. What a teacher needs while it teaches is held by a {@link TeacherSession}. */
public interface Teacher {
    /** Return the name that records show. */
    String name();

    /** Return the class names in the order of the logits; empty if the teacher does not know them. */
    List<String> classNames();

    /** Return the number of logits, 0 if it is not known before the first batch. */
    int classes();

    /** Return the same teacher computing in a precision, unless it has its own. */
    default Teacher withPrecision(Precision precision) {
        return this;
    }

    /** Return whether the teacher is a module itself, which cannot be its own student. */
    default boolean isModule(Module other) {
        return false;
    }

    /**
     * Get ready to teach: in evaluation mode, frozen, on the device.
     *
     * @param data whose inputs the teacher will see
     */
    TeacherSession open(Data data, Device device);

    /**
     * Name another way to prepare inputs.
     *
     * @param words what it is called
     * @param preparation {@code mean} and {@code std}; empty to leave these
     * @param blueFirst whether the order of channels is turned round
     */
    record Probe(String words, Map<String, String> preparation, boolean blueFirst) {}

    /** Give logits for inputs; closing it puts the teacher back as it was. */
    interface TeacherSession extends AutoCloseable {
        /**
         * Compute logits, rows×classes, outside the graph.
         *
         * @param batch as the student sees it
         */
        Tensor logits(Batch batch);

        /** Return how much the session gives of what the teacher thinks; logits that were made of less are logarithms of probabilities. */
        default OutputKind outputKind() {
            return OutputKind.LOGITS;
        }

        /** Return in words what the teacher itself gives, of which logits are made. */
        default String output() {
            return TeacherOutput.of(outputKind()).words();
        }

        /** Return what it computes in. */
        default Precision precision() {
            return Precision.FP32;
        }

        /**
         * Let the teacher see inputs prepared otherwise from here on, to find out what fits it.
         *
         * @param trial null for inputs as they should be
         * @return whether that can be done
         */
        default boolean probe(@Nullable Probe trial) {
            return false;
        }

        /** Return the shape of one row of the teacher's own input; {@code student} is that of the student's. */
        default long[] inputShape(long... student) {
            return student;
        }

        /**
         * Watch points inside the teacher, to be read after each call of {@link #logits} that follows; closed with the lesson.
         *
         * @throws LimbeckException if this kind of teacher does not show what is inside, or has no such point
         */
        default Capture capture(Collection<String> points) {
            throw closed();
        }

        /**
         * Return the layers inside the teacher.
         *
         * @param inputShape of one row, as the student sees it
         * @throws LimbeckException if this kind of teacher does not show what is inside
         */
        default Summary summary(long... inputShape) {
            throw closed();
        }

        private static LimbeckException closed() {
            return new LimbeckException("this teacher shows its logits only; use losses on logits, or a teacher from a "
                    + "run directory or a checkpoint");
        }

        /** Answer all rows of a split, in order and without augmentation. */
        default Predictions predict(Data data, Split split) {
            int[] labels = data.labels(split);
            float[] logits = new float[0];
            int at = 0;
            try (BlasThreads work = BlasThreads.begin();
                    DataLoader batches = data.evaluate(split)) {
                while (true) {
                    try (Scope scope = Scope.open()) {
                        Batch batch = batches.next();
                        if (batch == null) break;
                        float[] rows = Tensors.toFloats(logits(batch));
                        if (at == 0) logits = new float[labels.length * (rows.length / batch.size())];
                        System.arraycopy(rows, 0, logits, at, rows.length);
                        at += rows.length;
                    }
                }
            }
            return new Predictions(logits, logits.length / Math.max(1, labels.length), labels);
        }

        /**
         * Tell in one line all that the answers depend on beside the data: a SHA-256 of the weights, how inputs are prepared,
         * what is made of the output. Equal before and after if the teacher is unchanged; empty if that cannot be known, and
         * then its answers are not kept on disk.
         */
        String fingerprint();

        @Override
        void close();
    }
}
