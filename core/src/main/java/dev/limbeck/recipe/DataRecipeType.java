package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonNode;

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

    /** Return the record of its settings. */
    Class<? extends DataRecipe> type();
}
