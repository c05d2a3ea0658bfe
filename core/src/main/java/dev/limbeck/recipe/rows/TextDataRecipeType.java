package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.DataRecipeType;
import dev.limbeck.text.TextPreprocessing;

/** Register the settings of texts. */
public final class TextDataRecipeType implements DataRecipeType {
    @Override
    public String kind() {
        return TextPreprocessing.KIND;
    }

    @Override
    public boolean opens(JsonNode data) {
        return RowDataRecipe.opens(data, true);
    }

    @Override
    public Class<? extends DataRecipe> type() {
        return RowDataRecipe.class;
    }
}
