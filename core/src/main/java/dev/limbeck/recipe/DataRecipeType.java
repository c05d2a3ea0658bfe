package dev.limbeck.recipe;

/**
 * Register a kind of data for recipes, chosen by {@code data.kind}. Name the class in {@code
 * META-INF/services/dev.limbeck.recipe.DataRecipeType}.
 */
public interface DataRecipeType {
    /** Return the kind, as in recipes. */
    String kind();

    /** Return the record of its settings. */
    Class<? extends DataRecipe> type();
}
