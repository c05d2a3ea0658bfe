package dev.limbeck.cli;

import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Generate rows with one class each, and write them to {@code train.csv}, {@code valid.csv} and {@code test.csv}. The teacher has the labels of all
 * training rows; students have some, and the other rows without.
 */
interface DemoRows extends DemoData {
    /** The seed of the rows. */
    long SEED = 42;

    /** Rows that show the accuracy after each epoch; none is for training. */
    int VALID = 500;

    /**
     * Hold what all rows of a kind have in common.
     *
     * @param name what they are about, as the name of their folder
     * @param noun what rows are called, such as {@code texts}
     * @param columns settings that name the columns, as YAML between braces
     * @param header first line of both files, without its end
     * @param batch number of rows of a batch
     * @param isSmall see {@link DemoData#isSmall}
     */
    record Form(String name, String noun, String columns, String header, int batch, boolean isSmall) {}

    /** Return what the rows have in common. */
    Form form();

    /** Return the number of training rows. */
    int train();

    /** Return the number of test rows. */
    int test();

    /** Return how many rows of each class have a label for students. */
    int labels();

    /**
     * Generate a row.
     *
     * @param index place in its split; with the draws it determines the row
     * @return a line of the file, without its end
     */
    String row(int index, Draws draws);

    /** Return all lines of a split. A row depends on the seed, its split and its place only, so more rows keep the others. */
    default String csv(Split split) {
        StringBuilder lines = new StringBuilder(form().header()).append('\n');
        int rows = switch (split) {
            case TRAIN -> train();
            case VALID -> VALID;
            case TEST -> test();
        };
        for (int i = 0; i < rows; i++) {
            lines.append(row(i, Draws.of(SEED, split.ordinal(), i))).append('\n');
        }
        return lines.toString();
    }

    @Override
    default boolean isSmall() {
        return form().isSmall();
    }

    @Override
    default void write(Path out) {
        Path folder = out.resolve(form().name());
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw IoErrors.writing(folder, e);
        }
        for (Split split : Split.values()) {
            AtomicFile.write(folder.resolve(split.label() + ".csv"), csv(split));
        }
    }

    @Override
    default Part ofTeacher(Path out) {
        return new Part(settings(out), Texts.format("%,d generated %s with labels", train(), form().noun()));
    }

    @Override
    default Part ofStudents(Path out) {
        return new Part(
                settings(out) + ", labels_per_class: " + labels() + ", keep_unlabeled: true",
                Texts.format("the same %s, of which %d per class keep their label", form().noun(), labels()));
    }

    private String settings(Path out) {
        return "source: " + Texts.quoted(out.resolve(form().name())) + ", " + form().columns() + ", batch_size: "
                + form().batch();
    }
}
