package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.DataRecipeType;
import dev.limbeck.recipe.TeacherInputs;
import dev.limbeck.table.TablePreprocessing;
import java.util.Optional;

/** Register the settings of tables. */
public final class TableDataRecipeType implements DataRecipeType {
    @Override
    public String kind() {
        return TablePreprocessing.KIND;
    }

    @Override
    public boolean opens(JsonNode data) {
        return RowDataRecipe.opens(data, false);
    }

    @Override
    public Optional<Class<? extends TeacherInputs>> teacherInputs() {
        return Optional.of(RowTeacherInputs.class);
    }

    @Override
    public Class<? extends DataRecipe> type() {
        return RowDataRecipe.class;
    }
}
