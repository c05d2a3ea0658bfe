package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * Register a kind of data for recipes, chosen by {@code data.kind}. Name the class in {@code
 * META-INF/services/dev.limbeck.recipe.DataRecipeType}.
 */
public interface DataRecipeType {
    /** Return the kind, as in recipes. */
    String kind();

    /**
     * Return whether a data section without {@code data.kind} is of this kind. The default is no.
     *
     * @param data the section, not yet checked
     */
    default boolean opens(JsonNode data) {
        return false;
    }

    /**
     * Set what a data section leaves out and its source says, such as the columns of a folder of texts. The default sets nothing.
     *
     * @param data a section of this kind
     */
    default void complete(ObjectNode data) {}

    /** Return the record of its settings. */
    Class<? extends DataRecipe> type();

    /** Return the record of the settings of a teacher's inputs; empty if this kind of data has none. The default is empty. */
    default Optional<Class<? extends TeacherInputs>> teacherInputs() {
        return Optional.empty();
    }
}
