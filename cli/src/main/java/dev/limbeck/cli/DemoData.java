package dev.limbeck.cli;

import java.nio.file.Path;

/** Provide the data of one kind of demonstration. What teacher and students see of it may differ; they are tested on the same rows. */
public interface DemoData {
    /**
     * Hold what a network is trained on.
     *
     * @param settings keys and values of a recipe's data section, as YAML between braces
     * @param words the same for people, such as {@code 4,500 generated shapes}
     */
    record Part(String settings, String words) {}

    /** Return whether the networks are so small that several threads wait for each other longer than they compute. */
    default boolean isSmall() {
        return false;
    }

    /**
     * Write the files that the settings name. The default writes nothing.
     *
     * @param out the demonstration's output folder; may be missing
     * @throws dev.limbeck.LimbeckException if it is not writable
     */
    default void write(Path out) {}

    /**
     * Return what the teacher is trained on.
     *
     * @param out the one of {@link #write}
     */
    Part ofTeacher(Path out);

    /**
     * Return what both students are trained on.
     *
     * @param out the one of {@link #write}
     */
    Part ofStudents(Path out);
}
