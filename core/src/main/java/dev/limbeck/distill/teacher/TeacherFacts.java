package dev.limbeck.distill.teacher;

import dev.limbeck.Preprocessing;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Precision;
import java.util.List;
import java.util.function.Supplier;

/**
 * Tell what a teacher is while it teaches.
 *
 * @param kind how much of its outputs is known; logits that were made of less are logarithms of probabilities
 * @param output in words, what the teacher itself gives and logits are made of
 * @param precision that it computes in
 * @param inputs of the teacher itself, in its order
 * @param preprocessing of its inputs
 * @param identified computes the identity, see {@link #identity}: one line on all that its outputs depend on beside the data: a SHA-256 of the weights, how inputs are prepared,
 *     what is made of the output. Equal before and after if the teacher is unchanged; empty if that cannot be known, and
 *     then its outputs are not cached on disk
 */
public record TeacherFacts(
        OutputKind kind,
        String output,
        Precision precision,
        List<InputSpec> inputs,
        Preprocessing preprocessing,
        Supplier<String> identified) {
    /** Compute the identity anew, which may take a pass over the weights. */
    public String identity() {
        return identified.get();
    }

    /** Return the same of a teacher whose outputs are changed to another kind. */
    public TeacherFacts withKind(OutputKind other) {
        return new TeacherFacts(other, output, precision, inputs, preprocessing, identified);
    }

    /** Return the same of a teacher whose identity is not known. */
    public TeacherFacts withoutIdentity() {
        return new TeacherFacts(kind, output, precision, inputs, preprocessing, () -> "");
    }

    /**
     * Return the same of a teacher whose outputs depend on more; an unknown identity stays so.
     *
     * @param more behind the identity
     */
    public TeacherFacts withIdentity(String more) {
        return new TeacherFacts(kind, output, precision, inputs, preprocessing, () -> {
            String own = identity();
            return own.isEmpty() ? "" : own + " " + more;
        });
    }
}
