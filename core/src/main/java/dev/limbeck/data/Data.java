package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.tensor.InputSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Offer labeled rows in splits, as streams of batches. It owns whatever it keeps in memory; streams must be closed
 * before it is.
 */
public interface Data extends AutoCloseable {
    /** Return the class names; a label is a position in this list. */
    List<String> classNames();

    /** Return the number of rows in a split, 0 if the data has no such split. */
    int size(Split split);

    /** Return whether a split has rows. */
    default boolean has(Split split) {
        return size(split) > 0;
    }

    /** Return how many rows a full batch has. */
    int batchSize();

    /**
     * Open a pass over the training rows, shuffled and augmented. The order and every random draw depend on the seed
     * and the epoch only. A last batch that is not full is dropped unless it is the only one.
     *
     * @param epoch any number; each gives other draws
     */
    DataLoader train(int epoch);

    /**
     * Open a pass over all rows of a split in order, without augmentation.
     *
     * @throws dev.limbeck.LimbeckException if the data has no such split
     */
    DataLoader evaluate(Split split);

    /**
     * Open a pass over all rows of a split in order, augmented as training rows are: another view of what {@link #evaluate}
     * returns. Data without augmentation returns the rows as they are.
     *
     * @param view any number; each gives other draws
     */
    default DataLoader augmented(Split split, int view) {
        return evaluate(split);
    }

    /**
     * Open a pass over a part of a split, without augmentation: rows at equal distances over all of it, since neighbors are
     * often of one class. Data that cannot choose rows returns all.
     *
     * @param most how many rows at most, at least 1
     */
    default DataLoader sample(Split split, int most) {
        return evaluate(split);
    }

    /** Describe the inputs of a row, in the order of a network that takes several. */
    List<InputSpec> inputs();

    /**
     * Draw rows of a split, each with a caption, in a PNG file.
     *
     * @throws dev.limbeck.LimbeckException if this kind of data has no picture, or the file cannot be written
     */
    default void draw(Split split, List<Caption> captions, Path file) {
        throw new LimbeckException("this data has no pictures to draw");
    }

    /** Return the labels of a split in order; −1 where a row has none. */
    int[] labels(Split split);

    /**
     * Return a SHA-256 in hex that changes when class names, labels, the division into splits or the contents change;
     * contents of files are represented by their names and sizes.
     */
    String fingerprint();

    /** Return what a run must record to repeat this: source, sizes, transforms, seed; keys in a fixed order. */
    Map<String, Object> describe();

    /**
     * Show rows to another model.
     *
     * @param other how that model's inputs are prepared
     * @throws LimbeckException if this kind of data cannot be prepared so
     */
    default AlternateView alternateView(Preprocessing other) {
        if (!other.equals(preprocessing())) {
            throw new LimbeckException("this data comes in one form only, "
                    + preprocessing().identity() + ", found " + other.identity() + "; choose a model for such inputs");
        }
        return AlternateView.same(this);
    }

    /** Return the views of its rows that training shows, as {@link Provenance} numbers them; none if each epoch has its own. */
    default int[] views() {
        return new int[0];
    }

    /** Open a pass over all rows of a split in order, each as training shows it in a view. */
    default DataLoader view(Split split, int view) {
        if (view == Provenance.PLAIN) return evaluate(split);
        throw new LimbeckException("this data has no views of its rows");
    }

    /**
     * Return keys that are equal where rows, prepared and augmented, are the same, in any data of this kind.
     *
     * @param origin of which the changes are left aside
     * @param indices positions in the origin's split
     * @return null if this kind of data has none
     */
    default SampleKey @Nullable [] keys(Provenance origin, int... indices) {
        return null;
    }

    /** Return what decides, beside its source, how a row looks; string keys and values. */
    default Map<String, String> cacheKey() {
        return preprocessing().toMetadata();
    }

    /** Return how the inputs are prepared. */
    default Preprocessing preprocessing() {
        return Preprocessing.none();
    }

    @Override
    void close();
}
