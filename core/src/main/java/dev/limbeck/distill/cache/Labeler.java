package dev.limbeck.distill.cache;

import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.data.StreamedData;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute a teacher's outputs for rows that are read once, and encode them as a cache folder does. One thread at a time computes.
 * Close it after use.
 *
 * @param <P> a prepared row
 */
public final class Labeler<P> implements AutoCloseable {
    /**
     * Hold the encoded outputs for a row.
     *
     * @param row bytes of the {@link Encoding}
     */
    public record Labeled(SampleKey key, byte[] row) {}

    private final Teacher teacher;
    private final Encoding encoding;
    private final StreamedData<?, P> data;
    private final TeacherContext context;
    private final RowLayout layout = new RowLayout();
    private @Nullable TeacherSession session;

    /**
     * Label rows of this data. The teacher stays the caller's.
     *
     * @param precision name of the precision, unless the teacher has its own; see {@link Precision#of}
     */
    public Labeler(Teacher teacher, Encoding encoding, StreamedData<?, P> data, Device device, String precision) {
        this.teacher = teacher;
        this.encoding = encoding;
        this.data = data;
        context = new TeacherContext(data, device, Precision.of(precision, device), null);
    }

    /**
     * Compute the outputs of some rows, in the data's batches. The first rows also show what the teacher's outputs are, where it does
     * not say so.
     *
     * @throws dev.limbeck.LimbeckException if the outputs are not usable
     */
    public synchronized List<Labeled> label(List<P> rows) {
        if (rows.isEmpty()) return List.of();
        data.hold(rows);
        TeacherSession opened = session;
        if (opened == null) opened = session = teacher.open(context);
        List<Labeled> labeled = new ArrayList<>();
        try (DataLoader batches = data.evaluate(Split.TRAIN)) {
            while (true) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Batch batch = batches.next();
                    if (batch == null) return labeled;
                    Tensor logits = opened.compute(batch, Set.of()).logits();
                    layout.classes(Math.toIntExact(logits.size(1)));
                    byte[] encoded = encoding.encode(logits);
                    SampleKey[] keys = data.keys(Objects.requireNonNull(batch.origin()), batch.indices());
                    int length = encoded.length / batch.size();
                    for (int i = 0; i < batch.size(); i++) {
                        labeled.add(new Labeled(
                                Objects.requireNonNull(keys)[i],
                                Arrays.copyOfRange(encoded, i * length, (i + 1) * length)));
                    }
                }
            }
        }
    }

    /**
     * Return what the outputs depend on besides the rows, as a cache folder's facts say it.
     *
     * @throws IllegalStateException before the first row
     */
    public synchronized Map<String, String> facts() {
        if (session == null) throw new IllegalStateException("the teacher is opened with the first rows");
        Map<String, String> facts = new TreeMap<>(CacheFacts.of(teacher.name(), session.facts(), encoding, data));
        layout.write(facts);
        return facts;
    }

    @Override
    public synchronized void close() {
        if (session != null) session.close();
        session = null;
        data.close();
    }
}
