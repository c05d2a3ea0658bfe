package dev.limbeck.data.table;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Make two inputs of a row: {@code numeric}, float32 N×F, and {@code categorical}, int64 N×K with ids that differ between columns. An
 * input without columns is left out.
 */
public record TableEncoding(TablePreprocessing table) implements RowEncoding {
    /** Name of the input of numbers. */
    public static final String NUMERIC = "numeric";
    /** Name of the input of ids. */
    public static final String CATEGORICAL = "categorical";

    @Override
    public Preprocessing preprocessing() {
        return table;
    }

    @Override
    public List<String> columns() {
        return table.names();
    }

    @Override
    public List<InputSpec> inputs() {
        List<InputSpec> inputs = new ArrayList<>();
        if (table.numbers() > 0) {
            inputs.add(new InputSpec(NUMERIC, DType.FLOAT32, new long[] {table.numbers()}, 0, 0));
        }
        if (table.categories() > 0) inputs.add(InputSpec.ids(CATEGORICAL, table.ids(), 0, table.categories()));
        return inputs;
    }

    @Override
    public Encoded encode(String... cells) {
        TablePreprocessing.Encoded row = table.encode(cells);
        return new Encoded(row.numbers(), row.ids());
    }

    @Override
    public List<String> unknown(List<String[]> rows) {
        return table.unknown(rows);
    }

    @Override
    public Inputs batch(List<Encoded> rows) {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        int width = table.numbers();
        if (width > 0) {
            float[] numbers = new float[rows.size() * width];
            for (int i = 0; i < rows.size(); i++) System.arraycopy(rows.get(i).numbers(), 0, numbers, i * width, width);
            inputs.put(NUMERIC, Tensors.of(numbers, rows.size(), width));
        }
        int columns = table.categories();
        if (columns > 0) {
            long[] ids = new long[rows.size() * columns];
            for (int i = 0; i < rows.size(); i++) System.arraycopy(rows.get(i).ids(), 0, ids, i * columns, columns);
            inputs.put(CATEGORICAL, Tensors.of(ids, rows.size(), columns));
        }
        return Inputs.of(inputs);
    }
}
