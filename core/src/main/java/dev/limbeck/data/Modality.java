package dev.limbeck.data;

import dev.limbeck.Preprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Know one kind of data: how models of it say that their inputs are prepared, and what to try where they do badly. Name the class
 * in {@code META-INF/services/dev.limbeck.data.Modality}, and it is found by its kind.
 */
public interface Modality {
    /** Return the kind, as {@link Preprocessing#kind} gives it. */
    String kind();

    /**
     * Return whether a model takes this kind of data, by its inputs and metadata. The default is false: such models say
     * their modality, as files written by Limbeck do.
     */
    default boolean takes(ModelFacts model) {
        return false;
    }

    /**
     * Read what a model's file says of its inputs, in whatever words others write it.
     *
     * @param log takes a line about what is malformed or converted
     * @return keys of {@link Preprocessing#toMetadata}, as far as they are known
     * @throws dev.limbeck.LimbeckException if the file contradicts what can be
     */
    default Map<String, String> read(ModelFacts model, Consumer<String> log) {
        return preprocessing(model.metadata()).toMetadata();
    }

    /**
     * Rebuild the preprocessing of a saved model.
     *
     * @param saved keys of {@link Preprocessing#toMetadata}; missing ones take a default
     * @throws dev.limbeck.LimbeckException if a value is malformed
     */
    Preprocessing preprocessing(Map<String, String> saved);

    /**
     * Return the preprocessing to assume for a model that does not describe its own. The default is that of an empty
     * description.
     *
     * @param side side of the images that its architecture is made for
     */
    default Preprocessing assumed(int side) {
        return preprocessing(Map.of());
    }

    /** Describe the inputs of a network for a preprocessing. */
    List<InputSpec> inputs(Preprocessing preprocessing);

    /**
     * Find out, after a model has failed on inputs, which others it takes.
     *
     * @param given how the inputs were prepared
     * @param takes runs the model on inputs; false if it fails or returns another number of rows
     * @return null if nothing that was tried was taken
     */
    default @Nullable Remedy remedy(Preprocessing given, int rows, Predicate<Inputs> takes) {
        return null;
    }

    /**
     * Name what a model takes in place of what it was given.
     *
     * @param words such as {@code it takes rows×height×width×3}
     * @param setting the key of {@link Preprocessing#toMetadata} that says so, as an option is spelled; empty if none does
     * @param value of that setting
     * @param ofAnyFile whether the setting is one of every model, and not just of files of whole networks
     */
    record Remedy(String words, String setting, String value, boolean ofAnyFile) {
        /** Name what no setting says. */
        public static Remedy of(String words) {
            return new Remedy(words, "", "", false);
        }
    }
}
