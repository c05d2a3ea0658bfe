package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.data.rows.TextFolder;
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

    /** {@inheritDoc} A folder of texts has one column of texts, and one of the folders' names. */
    @Override
    public void complete(ObjectNode data) {
        if (!RowDataRecipe.isTextFolder(data.path("source").asText())) return;
        if (!data.hasNonNull("text_column")) data.put("text_column", RowTable.TEXT);
        if (!data.hasNonNull("label_columns")) data.putArray("label_columns").add(TextFolder.CLASS);
    }

    @Override
    public Class<? extends DataRecipe> type() {
        return RowDataRecipe.class;
    }
}
