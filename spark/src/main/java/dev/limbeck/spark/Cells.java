package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.rows.RowTable;
import java.math.BigDecimal;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;

/** Write the values of rows as the cells of a CSV file: keys are made of them. */
final class Cells {
    private Cells() {}

    /**
     * Require that a column has numbers, texts, booleans or dates.
     *
     * @throws LimbeckException if it has something else
     */
    static void check(StructField column) {
        DataType type = column.dataType();
        if (type instanceof NumericType
                || type instanceof DecimalType
                || type.equals(DataTypes.StringType)
                || type.equals(DataTypes.BooleanType)
                || type.equals(DataTypes.DateType)
                || type.equals(DataTypes.NullType)) {
            return;
        }
        throw new LimbeckException("the column '" + column.name()
                + "' must have numbers, texts, booleans or dates, found " + type.simpleString()
                + "; cast it, or leave it out");
    }

    /**
     * Return the cells of a row.
     *
     * @param missing cells that mean no value, besides empty ones
     */
    static String[] of(Row row, Set<String> missing) {
        String[] cells = new String[row.size()];
        for (int i = 0; i < cells.length; i++) {
            String cell = cell(row.get(i));
            cells[i] = missing.contains(cell) ? "" : cell;
        }
        return cells;
    }

    private static String cell(Object value) {
        if (value == null) return "";
        if (value instanceof Float number) return RowTable.number(number, number.toString());
        if (value instanceof Double number) return RowTable.number(number, number.toString());
        if (value instanceof BigDecimal number) return number.toPlainString();
        return value.toString().strip();
    }
}
