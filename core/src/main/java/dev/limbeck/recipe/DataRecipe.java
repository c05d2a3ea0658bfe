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

    /**
     * Open the data.
     *
     * @param otherSeed seed to use if this recipe has none
     * @param architecture network that gets the rows
     * @param savedPreprocessing preprocessing of the model that gets the rows; empty if unknown
     * @throws dev.limbeck.LimbeckException if the source is missing or unusable
     */
    Data open(long otherSeed, Architecture architecture, Map<String, String> savedPreprocessing, RunContext context);
}
