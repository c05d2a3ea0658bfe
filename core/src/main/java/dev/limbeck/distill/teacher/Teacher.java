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

/** Compute logits for batches. Resources for a training are held by a {@link TeacherSession}. */
public interface Teacher {
    /** Return the name used in run records. */
    String name();

    /** Return the class names in the order of the logits; empty if unknown. */
    List<String> classNames();

    /** Return the number of classes; 0 if unknown before the first batch. */
    int classes();

    /** Return a copy that computes in a precision, unless this teacher has a fixed one. */
    default Teacher withPrecision(Precision precision) {
        return this;
    }

    /** Return whether the teacher is the given module. A module cannot be its own student. */
    default boolean isModule(Module other) {
        return false;
    }

    /**
     * Open a session: evaluation mode, frozen, on the device.
     *
     * @param data data whose inputs the teacher will get
     */
    TeacherSession open(Data data, Device device);

    /**
     * Hold an alternative preprocessing for the preprocessing probe.
     *
     * @param words description
     * @param preparation {@code mean} and {@code std}; empty to keep the current ones
     * @param blueFirst whether to reverse the channel order
     */
    record Probe(String words, Map<String, String> preparation, boolean blueFirst) {}

    /** Compute a teacher's logits. Closing the session restores the teacher. */
    interface TeacherSession extends AutoCloseable {
        /**
         * Compute logits, rows×classes, without autograd.
         *
         * @param batch a batch of the student's inputs
         */
        Tensor logits(Batch batch);

        /**
         * Return the kind of information in the outputs. Logits that were converted from probabilities are
         * log-probabilities.
         */
        default OutputKind outputKind() {
            return OutputKind.LOGITS;
        }

        /** Return a description of the raw output that the logits are computed from. */
        default String output() {
            return TeacherOutput.of(outputKind()).words();
        }

        /** Return the precision of the computations. */
        default Precision precision() {
            return Precision.FP32;
        }

        /**
         * Use another preprocessing from now on, to find the best one.
         *
         * @param trial alternative preprocessing; null for the original
         * @return whether the session supports it
         */
        default boolean probe(@Nullable Probe trial) {
            return false;
        }

        /**
         * Return the shape of one row of the teacher's input.
         *
         * @param student shape of one row of the student's input
         */
        default long[] inputShape(long... student) {
            return student;
        }

        /**
         * Capture features at points inside the teacher. Read them after each call of {@link #logits}. The capture is
         * closed with the session.
         *
         * @throws LimbeckException if this kind of teacher gives no access to features, or a point does not exist
         */
        default Capture capture(Collection<String> points) {
            throw closed();
        }

        /**
         * Return a summary of the teacher's layers.
         *
         * @param inputShape shape of one row of the student's input
         * @throws LimbeckException if this kind of teacher gives no access to its layers
         */
        default Summary summary(long... inputShape) {
            throw closed();
        }

        private static LimbeckException closed() {
            return new LimbeckException("this teacher returns logits only; use losses on logits, or a teacher from a "
                    + "run directory or a checkpoint");
        }

        /** Compute the logits of all rows of a split, in order and without augmentation. */
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
         * Return a fingerprint of everything that the outputs depend on besides the data: a SHA-256 of the weights, the
         * preprocessing and the conversion of the output. It is the same before and after a fit if the teacher is
         * unchanged. An empty fingerprint means unknown; such outputs are not cached on disk.
         */
        String fingerprint();

        @Override
        void close();
    }
}
