package dev.limbeck.recipe;

import dev.limbeck.data.Data;
import dev.limbeck.zoo.Architecture;
import java.util.Map;

/**
 * Hold the data section of a recipe: the source of the rows and their batching. Each kind of data has a record of its own,
 * whose components declare the settings with {@link Setting}; see {@link DataRecipeType}.
 */
public interface DataRecipe {
    /** Return the kind of data, as {@link dev.limbeck.Preprocessing#kind} gives it. */
    String kind();

    /** Return the name or the path of the source. */
    String source();

    /** Return the kind of task; see {@link dev.limbeck.Task.Kind#of}. */
    String task();

    /** Return the number of views of each training row that a run shows; 0, the default, for a new one in each epoch. */
    default int shownViews() {
        return 0;
    }

    /**
     * Open the data for a new network.
     *
     * @param otherSeed seed to use if this recipe has none
     * @param architecture network that gets the rows
     * @param preferred preprocessing of the network's teacher or of its first weights, used where nothing else is set; empty for none
     * @throws dev.limbeck.LimbeckException if the source is missing or unusable
     */
    Data open(long otherSeed, Architecture architecture, Map<String, String> preferred, RunContext context);

    /**
     * Return how inputs are prepared, as far as it is known before the data are opened. Networks whose values are equal may share opened data.
     *
     * @param architecture network that gets the rows
     * @param preferred as in {@link #open}
     */
    default Map<String, String> preparation(Architecture architecture, Map<String, String> preferred) {
        return preferred;
    }

    /**
     * Open the data for a trained model. The default is {@link #open}; settings of the recipe come before the model's.
     *
     * @param otherSeed seed to use if this recipe has none
     * @param architecture the model's; for the size of images that it does not describe
     * @param saved preprocessing of the model; empty if unknown
     * @throws dev.limbeck.LimbeckException if the source is missing or unusable, or settings contradict the model
     */
    default Data openFor(long otherSeed, Architecture architecture, Map<String, String> saved, RunContext context) {
        return open(otherSeed, architecture, saved, context);
    }
}
