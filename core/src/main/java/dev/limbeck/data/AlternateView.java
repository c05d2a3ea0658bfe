package dev.limbeck.data;

import dev.limbeck.Preprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.List;

/**
 * Show the rows of a batch as another model wants them: its inputs changed, or made of the same sources by the same draws. It
 * owns what it keeps in memory.
 */
public interface AlternateView extends AutoCloseable {
    /**
     * Return the inputs, on the batch's device or the host, inside the caller's scope.
     *
     * @throws dev.limbeck.LimbeckException if the batch has no provenance
     */
    Inputs inputs(Batch batch);

    /** Describe the inputs, in the other model's order. */
    List<InputSpec> inputs();

    /**
     * Return how its inputs are prepared: as asked for, which is the default, with what only the data tells, such as the columns.
     *
     * @param asked what the view was made for
     */
    default Preprocessing preprocessing(Preprocessing asked) {
        return asked;
    }

    @Override
    void close();

    /** Show inputs as they are. */
    static AlternateView same(Data data) {
        return new AlternateView() {
            @Override
            public Inputs inputs(Batch batch) {
                return batch.inputs();
            }

            @Override
            public List<InputSpec> inputs() {
                return data.inputs();
            }

            @Override
            public Preprocessing preprocessing(Preprocessing asked) {
                return data.preprocessing();
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }
}
