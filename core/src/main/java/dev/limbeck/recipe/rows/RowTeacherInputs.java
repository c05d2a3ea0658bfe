package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.limbeck.recipe.Setting;
import dev.limbeck.recipe.TeacherInputs;
import dev.limbeck.table.RawTable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hold which cells a teacher takes that encodes them itself. */
public record RowTeacherInputs(
        @Setting(
                help = "Columns of a table in the order of a teacher's inputs",
                whenUnset = "by name",
                options = "--teacher-columns",
                label = "NAMES",
                rare = true)
        @Nullable
        List<String> columns)
        implements TeacherInputs {
    public RowTeacherInputs {
        if (columns != null) columns = List.copyOf(columns);
    }

    @Override
    public String kind() {
        return RawTable.KIND;
    }

    @JsonIgnore
    @Override
    public Map<String, String> preprocessing() {
        return Map.of();
    }

    @JsonIgnore
    @Override
    public Map<String, String> ofWholeNetworks() {
        return columns == null ? Map.of() : Map.of(RawTable.ORDER, String.join("\t", columns));
    }
}
