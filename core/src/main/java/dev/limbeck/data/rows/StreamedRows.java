package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.StreamedData;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Provide texts or rows of tables from a source that is read once. A row is its cells in the header's order; keys are those of {@link
 * RowData} with the same columns.
 */
public final class StreamedRows extends StreamedData<String[], StreamedRows.Prepared> {
    /** Hold the cells of a row, and what the network gets of them. */
    public record Prepared(String[] cells, RowEncoding.Encoded encoded) {}

    private final List<String> header;
    private final RowEncoding encoding;
    private final int[] columns;
    private final int[] order;

    /**
     * Encode rows for a teacher.
     *
     * @param header columns that are no labels
     * @throws LimbeckException if a column that the encoding reads is not among them
     */
    public StreamedRows(List<String> header, RowEncoding encoding, Task task, int batchSize) {
        super(task, batchSize);
        this.header = List.copyOf(header);
        this.encoding = RowModality.encoding(encoding.preprocessing(), this.header, List.of());
        columns = this.encoding.columns().stream().mapToInt(this::column).toArray();
        order = byName(this.header);
    }

    private int column(String name) {
        int found = header.indexOf(name);
        if (found < 0) throw Names.unknown("column", name, "the rows", header);
        return found;
    }

    @Override
    public Prepared prepare(String[] cells) {
        String[] read = new String[columns.length];
        for (int i = 0; i < read.length; i++) read[i] = cells[columns[i]];
        return new Prepared(cells, encoding.encode(read));
    }

    @Override
    protected SampleKey key(Prepared row) {
        return key(header, order, row.cells);
    }

    /** Return the positions of columns, sorted by name: files and their readers order them differently. */
    static int[] byName(List<String> header) {
        return IntStream.range(0, header.size())
                .boxed()
                .sorted(Comparator.comparing(header::get))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /**
     * Return the key of a row: that of the names and cells of its columns, whatever the encoding.
     *
     * @param order of the columns, see {@link #byName}
     */
    static SampleKey key(List<String> header, int[] order, String... cells) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        for (int i : order) {
            digest.update((header.get(i) + "\t" + cells[i] + "\n").getBytes(StandardCharsets.UTF_8));
        }
        ByteBuffer sum = ByteBuffer.wrap(digest.digest());
        return new SampleKey(sum.getLong(), sum.getLong());
    }

    @Override
    protected Inputs join(List<Prepared> some) {
        return encoding.batch(some.stream().map(Prepared::encoded).toList());
    }

    @Override
    public List<InputSpec> inputs() {
        return encoding.inputs();
    }

    @Override
    public Preprocessing preprocessing() {
        return encoding.preprocessing();
    }

    @Override
    public Map<String, String> cacheKey() {
        return RowData.cacheKey(preprocessing());
    }

    /** {@inheritDoc} The rows are encoded for the teacher already. */
    @Override
    public AlternateView alternateView(Preprocessing other) {
        RowEncoding theirs = RowModality.encoding(other, header, encoding.columns());
        if (theirs.preprocessing().equals(preprocessing())) return AlternateView.same(this);
        throw new LimbeckException("rows are prepared as " + preprocessing().identity() + ", found " + other.identity()
                + "; choose a teacher that says how its inputs are prepared");
    }
}
