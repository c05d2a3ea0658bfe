package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.tensor.InputSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Provide labeled rows in splits, as batches. The data owns its memory cache. Close its loaders first. */
public interface Data extends AutoCloseable {
    /** Return what is to be predicted for a row. */
    Task task();

    /** Return the class names, or the names of the targets. A label is an index into this list. */
    default List<String> classNames() {
        return task().names();
    }

    /** Return the number of rows in a split; 0 if there is no such split. */
    int size(Split split);

    /** Return whether a split has rows. */
    default boolean has(Split split) {
        return size(split) > 0;
    }

    /** Return the size of a full batch. */
    int batchSize();

    /**
     * Open a loader for one epoch of training rows, shuffled and augmented. Order and random draws depend only on the
     * seed and the epoch. An incomplete last batch is dropped, unless it is the only one.
     *
     * @param epoch any number; each epoch has other draws
     */
    DataLoader train(int epoch);

    /** Open a loader for one process's batches of {@link #train(int)}. */
    default DataLoader train(int epoch, Shard shard) {
        return shard.of(train(epoch));
    }

    /**
     * Open a loader for all rows of a split, in its {@link #order} and without augmentation.
     *
     * @throws dev.limbeck.LimbeckException if there is no such split
     */
    DataLoader evaluate(Split split);

    /** Open a loader for one process's batches of {@link #evaluate(Split)}. */
    default DataLoader evaluate(Split split, Shard shard) {
        return shard.of(evaluate(split));
    }

    /**
     * Return the order in which loaders give all rows of a split. The default is that of the split. Data with rows of different lengths may
     * bring similar ones together.
     */
    default int[] order(Split split) {
        return IntStream.range(0, size(split)).toArray();
    }

    /**
     * Open a loader for all rows of a split, in its {@link #order} and with training augmentation. Data without augmentation returns
     * the plain rows.
     *
     * @param view any number; each view has other draws
     */
    default DataLoader augmented(Split split, int view) {
        return evaluate(split);
    }

    /**
     * Open a loader for a sample of a split, without augmentation. The rows are evenly spaced, because neighbors often
     * share a class. Data that cannot select rows returns all.
     *
     * @param most maximum number of rows, at least 1
     */
    default DataLoader sample(Split split, int most) {
        return evaluate(split);
    }

    /** Return positions that are evenly spaced over a number of rows, at most {@code most}. */
    static int[] spaced(int size, int most) {
        int count = Math.min(most, size);
        return IntStream.range(0, count)
                .map(i -> (int) ((long) i * size / count))
                .toArray();
    }

    /** Describe the inputs of a row, in the order of a network that takes several. */
    List<InputSpec> inputs();

    /**
     * Write a PNG of some rows of a split, each with a caption.
     *
     * @throws dev.limbeck.LimbeckException if this kind of data has no pictures, or the file is not writable
     */
    default void draw(Split split, List<Caption> captions, Path file) {
        throw new LimbeckException("this data has no pictures to draw");
    }

    /** Return the targets of a split, in order. */
    Targets targets(Split split);

    /**
     * Return a SHA-256 in hex over class names, labels, splits and contents. File contents are represented by names and
     * sizes.
     */
    String fingerprint();

    /** Return the source of the rows, such as {@code folder /data/pets}. */
    default String origin() {
        return "the data";
    }

    /** Return a one-line summary for people: rows, classes, splits. */
    default String summary() {
        String what = switch (task().kind()) {
            case SINGLE_LABEL, MULTI_LABEL -> task().names().size() + " classes";
            case REGRESSION -> task().names().size() + " targets";
            case EMBEDDING -> "no labels";
        };
        return origin() + ": " + what + ", "
                + Stream.of(Split.values())
                        .filter(this::has)
                        .map(split -> size(split) + " " + split.label())
                        .collect(Collectors.joining(" / "));
    }

    /** Return a line for everything skipped, guessed or possibly wrong. */
    default List<String> warnings() {
        return List.of();
    }

    /**
     * Return what people see of a row: a picture as PNG, or text.
     *
     * @return empty if this kind of data shows nothing
     */
    default Optional<Example> example(Split split, int row) {
        return Optional.empty();
    }

    /** Return the facts for a run record: source, sizes, transforms, seed; keys in a fixed order. */
    Map<String, Object> describe();

    /**
     * Create a view of the rows for another model.
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

    /** Return whether augmentation changes training rows for the student alone, while teachers get them as they are. The default is no. */
    default boolean augmentsForStudentOnly() {
        return false;
    }

    /** Return the seed of splits, order and random draws. */
    default long seed() {
        return 0;
    }

    /** Return the data that is behind this, where one fit changes what rows look like; by default this. */
    default Data base() {
        return this;
    }

    /**
     * Return which rows an epoch of {@link #train(int)} takes, in which view.
     *
     * @throws LimbeckException if this kind of data cannot say so
     */
    default Pass pass(int epoch) {
        throw new LimbeckException(
                "this data does not say which rows it gives, so they cannot be mixed; leave mixup and cutmix out");
    }

    /**
     * Open a loader for one process's batches of chosen rows.
     *
     * @throws LimbeckException if this kind of data cannot give chosen rows
     */
    default DataLoader load(Pass pass, Shard shard) {
        throw new LimbeckException(
                "this data does not give chosen rows, so they cannot be mixed; leave mixup and cutmix out");
    }

    /** Return the views that training uses, numbered as in {@link Provenance}; empty if each epoch has its own. */
    default int[] views() {
        return new int[0];
    }

    /** Open a loader for all rows of a split, in its {@link #order}, in one of the training views. */
    default DataLoader view(Split split, int view) {
        if (view == Provenance.PLAIN) return evaluate(split);
        throw new LimbeckException("this data has no views of its rows");
    }

    /** Open a loader for one process's batches of {@link #view(Split, int)}. */
    default DataLoader view(Split split, int view, Shard shard) {
        return shard.of(view(split, view));
    }

    /**
     * Return cache keys of rows. Keys are equal if the preprocessed and augmented rows are equal, in any data of this
     * kind.
     *
     * @param origin split and view
     * @param indices positions in the split
     * @return the keys, or null if this kind of data has none
     */
    default SampleKey @Nullable [] keys(Provenance origin, int... indices) {
        return null;
    }

    /**
     * Return the settings that determine a row's values, besides its source. They are part of a teacher cache's key.
     */
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
