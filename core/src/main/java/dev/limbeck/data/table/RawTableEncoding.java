package dev.limbeck.data.table;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.table.RawTable;
import dev.limbeck.table.RawTable.Column;
import dev.limbeck.table.RawTable.Type;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Make the inputs of a model that takes cells as they are: float32, float64 or int64 N×columns, or {@link InputSpec#texts}. */
final class RawTableEncoding implements RowEncoding {
    private final RawTable table;
    private final List<List<Column>> columns;

    private RawTableEncoding(RawTable table, List<List<Column>> columns) {
        this.table = table;
        this.columns = columns;
    }

    /** Read columns with the names of the inputs, until the data's columns are known. */
    RawTableEncoding(RawTable table) {
        this(
                table,
                table.inputs().stream()
                        .map(input -> Collections.nCopies(
                                (int) Math.max(1, input.width()), new Column(input.name(), input.type())))
                        .toList());
    }

    /** {@inheritDoc} Its preprocessing then names the columns: outputs depend on their order. */
    @Override
    public RowEncoding forColumns(List<String> header) {
        List<List<Column>> found = table.columns(header);
        List<String> names =
                found.stream().flatMap(List::stream).map(Column::name).toList();
        return new RawTableEncoding(new RawTable(table.inputs(), names), found);
    }

    @Override
    public Preprocessing preprocessing() {
        return table;
    }

    @Override
    public List<String> columns() {
        return columns.stream().flatMap(List::stream).map(Column::name).toList();
    }

    @Override
    public List<InputSpec> inputs() {
        List<InputSpec> inputs = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            RawTable.Input input = table.inputs().get(i);
            inputs.add(spec(input.name(), input.type(), columns.get(i).size()));
        }
        return inputs;
    }

    static InputSpec spec(String name, Type type, long width) {
        return switch (type) {
            case NUMBER -> new InputSpec(name, DType.FLOAT32, new long[] {width}, 0, 0);
            case DOUBLE -> new InputSpec(name, DType.FLOAT64, new long[] {width}, 0, 0);
            case INTEGER -> new InputSpec(name, DType.INT64, new long[] {width}, 0, 0);
            case TEXT -> InputSpec.texts(name, width);
        };
    }

    /** {@inheritDoc} Among the ids, a text stands as its length and its UTF-8 bytes, and a float64 number as its bits. */
    @Override
    public Encoded encode(String... cells) {
        float[] numbers = new float[cells.length];
        int count = 0;
        List<Long> ids = new ArrayList<>();
        int at = 0;
        for (List<Column> input : columns) {
            for (Column column : input) {
                String cell = cells[at++];
                switch (column.type()) {
                    case NUMBER -> numbers[count++] = RawTable.number(column, cell);
                    case DOUBLE -> ids.add(Double.doubleToRawLongBits(RawTable.wide(column, cell)));
                    case INTEGER -> ids.add(RawTable.integer(column, cell));
                    case TEXT -> {
                        byte[] text = cell.getBytes(StandardCharsets.UTF_8);
                        ids.add((long) text.length);
                        for (byte one : text) ids.add((long) (one & 0xff));
                    }
                }
            }
        }
        return new Encoded(
                Arrays.copyOf(numbers, count),
                ids.stream().mapToLong(Long::longValue).toArray());
    }

    @Override
    public Inputs batch(List<Encoded> rows) {
        int[] number = new int[rows.size()];
        int[] id = new int[rows.size()];
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            RawTable.Input input = table.inputs().get(i);
            int width = columns.get(i).size();
            inputs.put(
                    input.name(),
                    switch (input.type()) {
                        case NUMBER -> numbers(rows, number, width);
                        case DOUBLE -> doubles(rows, id, width);
                        case INTEGER -> integers(rows, id, width);
                        case TEXT -> texts(rows, id, width);
                    });
        }
        return Inputs.of(inputs);
    }

    private static Tensor numbers(List<Encoded> rows, int[] from, int width) {
        float[] values = new float[rows.size() * width];
        for (int row = 0; row < from.length; row++) {
            System.arraycopy(rows.get(row).numbers(), from[row], values, row * width, width);
            from[row] += width;
        }
        return Tensors.of(values, rows.size(), width);
    }

    private static Tensor integers(List<Encoded> rows, int[] from, int width) {
        long[] values = new long[rows.size() * width];
        for (int row = 0; row < from.length; row++) {
            System.arraycopy(rows.get(row).ids(), from[row], values, row * width, width);
            from[row] += width;
        }
        return Tensors.of(values, rows.size(), width);
    }

    private static Tensor doubles(List<Encoded> rows, int[] from, int width) {
        double[] values = new double[rows.size() * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = Double.longBitsToDouble(rows.get(i / width).ids()[from[i / width]++]);
        }
        return Tensors.of(values, rows.size(), width);
    }

    private static Tensor texts(List<Encoded> rows, int[] from, int width) {
        int longest = 1;
        for (int row = 0; row < from.length; row++) {
            for (int column = 0, at = from[row]; column < width; column++) {
                int length = (int) rows.get(row).ids()[at];
                longest = Math.max(longest, length);
                at += 1 + length;
            }
        }
        long[] bytes = new long[rows.size() * width * longest];
        for (int row = 0; row < from.length; row++) {
            long[] ids = rows.get(row).ids();
            for (int column = 0; column < width; column++) {
                int length = (int) ids[from[row]];
                System.arraycopy(ids, from[row] + 1, bytes, (row * width + column) * longest, length);
                from[row] += 1 + length;
            }
        }
        return Tensors.of(bytes, rows.size(), width, longest);
    }
}
