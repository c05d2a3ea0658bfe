package dev.limbeck.data.table;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.table.RawTable;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Read tables for models that encode cells themselves. */
public final class RawTableModality implements RowModality {
    @Override
    public String kind() {
        return RawTable.KIND;
    }

    /** {@inheritDoc} A table has one number or text a column, so that each input is N×columns. */
    @Override
    public boolean takes(ModelFacts model) {
        return !model.inputs().isEmpty() && model.inputs().stream().allMatch(RawTableModality::isTable);
    }

    private static boolean isTable(InputSpec input) {
        if (input.isTexts()) return true;
        long[] row = input.shape();
        // Whole numbers of any count are the tokens of a text.
        return row.length == 1 && (row[0] != InputSpec.FREE || input.type().isFloatingPoint());
    }

    @Override
    public Map<String, String> read(ModelFacts model, Consumer<String> log) {
        return new RawTable(model.inputs().stream().map(RawTableModality::input).toList(), List.of()).toMetadata();
    }

    private static RawTable.Input input(InputSpec spec) {
        RawTable.Type type = spec.isTexts()
                ? RawTable.Type.TEXT
                : spec.type() == DType.FLOAT64
                        ? RawTable.Type.DOUBLE
                        : spec.type().isFloatingPoint() ? RawTable.Type.NUMBER : RawTable.Type.INTEGER;
        return new RawTable.Input(
                spec.name(), type, spec.shape()[0] == InputSpec.FREE ? RawTable.ANY : spec.shape()[0]);
    }

    @Override
    public Preprocessing preprocessing(Map<String, String> saved) {
        return RawTable.of(saved);
    }

    @Override
    public RowEncoding encoding(Preprocessing preprocessing) {
        return new RawTableEncoding((RawTable) preprocessing);
    }
}
