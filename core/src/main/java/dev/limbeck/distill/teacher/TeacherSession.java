package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Exchange;
import dev.limbeck.train.Predictions;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Compute a teacher's outputs while it teaches; closing it puts the teacher back as it was. Used by one thread at a time. */
public interface TeacherSession extends AutoCloseable {
    /**
     * Compute logits and features, outside the graph.
     *
     * @param batch as the student sees it
     * @param features paths of layers, or of their inputs, as {@link dev.limbeck.nn.Capture} names them; empty for logits alone
     * @throws LimbeckException if features are requested from a teacher that does not show what is inside, or has no such layer
     */
    TeacherResult compute(Batch batch, Set<String> features);

    /** Return what the teacher is. */
    TeacherFacts facts();

    /**
     * Return a batch's inputs as the teacher reads them, in the caller's scope. Losses on features of texts ask for them, to leave padding
     * out.
     *
     * @throws LimbeckException if it does not say so, as by default
     */
    default Inputs inputs(Batch batch) {
        throw new LimbeckException("this teacher does not show which tokens it reads; give teacher and student one "
                + "tokenizer and one limit (--tokenizer, --max-tokens), or use losses on logits");
    }

    /**
     * Return the layers inside the teacher.
     *
     * @throws LimbeckException if this kind of teacher does not show what is inside
     */
    Summary summary();

    @Override
    void close();

    /** Compute logits alone, rows×classes. */
    default Tensor logits(Batch batch) {
        return compute(batch, Set.of()).logits();
    }

    /** Compute the logits of all rows of a split, in order and without augmentation. */
    default Predictions predict(Data data, Split split) {
        return predict(data, split, Exchange.ALONE);
    }

    /** Compute the logits of all rows of a split, each process those of its batches, and return all of them. */
    default Predictions predict(Data data, Split split, Exchange exchange) {
        return Evaluator.predictions(data, split, this::logits, exchange);
    }

    /** Write outputs that a cache holds back, so that other processes find them. The default has none. */
    default void flush() {}

    /**
     * Teach by a function that computes logits, rows×classes, outside the graph, and shows nothing else.
     *
     * @param identity as {@link TeacherFacts} describes it
     */
    static TeacherSession of(TeacherContext context, String identity, Function<Batch, Tensor> logits) {
        return new FunctionSession(context, identity, logits);
    }

    /** Refuse to show what is inside: for teachers that give logits alone. */
    static LimbeckException closedInside() {
        return new LimbeckException("this teacher returns logits only; use losses on logits, or a teacher from a "
                + "run directory or a checkpoint");
    }
}
