package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.distill.teacher.ClosedFlag;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.distill.teacher.TeacherResult;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Serve a teacher's outputs from the cache, and compute and cache missing ones. The key of a row is a {@link
 * SampleKey}. The folder's {@code facts.json} also holds teacher fingerprint, precision, encoding and preprocessing; it
 * must match.
 *
 * <p>The last bits of an output depend on the batch composition and the row's position. Outputs must not depend on the
 * state of the cache. In memory, keys therefore include the batch, and a hit is equal to a live output. For a folder,
 * rows are always computed in the data's own order and batches, whatever batch the student uses.
 */
final class CachedSession implements TeacherSession {
    private final String name;
    private final Encoding encoding;
    private final @Nullable Path folder;
    private final Consumer<String> log;
    private final CacheConfig.Counts counts;
    private final TeacherSession session;
    private final ClosedFlag closing;
    private final Data data;
    private final BatchOrder order;
    private final Device device;
    private final @Nullable MemoryStore memory;
    private final Map<String, String> facts = new TreeMap<>();
    private final List<String> points = new ArrayList<>();
    private final RowLayout layout = new RowLayout();

    private @Nullable RowStore store;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    CachedSession(TeacherSession session, String name, CacheConfig keeping, TeacherContext context) {
        this.name = name;
        closing = new ClosedFlag("the session of teacher " + name);
        encoding = keeping.encoding();
        folder = keeping.folder();
        log = keeping.log();
        counts = keeping.counts();
        this.session = session;
        data = context.data();
        order = new BatchOrder(data);
        device = context.device();
        TeacherFacts teacher = session.facts();
        memory = keeping.memory(teacher, data);
        if (folder == null) return;
        if (data.views().length == 0) {
            throw new LimbeckException(
                    "training rows are augmented or mixed anew in each epoch, so cached outputs would never be "
                            + "used again; set a number of views (augment.views, --augment-views 4), or turn the cache off");
        }
        facts.putAll(CacheFacts.of(name, teacher, encoding, data));
        DiskStore.check(folder, DiskStore.facts(folder), facts);
    }

    @Override
    public TeacherFacts facts() {
        TeacherFacts teacher = session.facts();
        return teacher.withKind(encoding.of(teacher.kind()));
    }

    @Override
    public Inputs inputs(Batch batch) {
        return session.inputs(batch);
    }

    @Override
    public Summary summary() {
        return session.summary();
    }

    @Override
    public void close() {
        if (!closing.close()) return;
        try {
            if (store != null) store.close();
            if (isFull()) counts.lost = true;
        } finally {
            session.close();
        }
    }

    @Override
    public TeacherResult compute(Batch batch, Set<String> features) {
        closing.check();
        watch(features);
        SampleKey[] keys = keys(batch, features);
        if (keys == null) return session.compute(batch, features);
        counts.requested += keys.length;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            if (store == null) reopen();
            Tensor whole = Tensors.to(encoding.decode(rows(keys, batch), keys.length, layout.width()), device);
            Map<String, Tensor> found = new LinkedHashMap<>();
            layout.features(whole).forEach((layer, feature) -> found.put(layer, scope.promote(feature)));
            return new TeacherResult(scope.promote(layout.logits(whole)), found);
        }
    }

    /** Cache these features from here on. */
    private void watch(Set<String> features) {
        if (features.isEmpty() || points.equals(List.copyOf(new TreeSet<>(features)))) return;
        if (!points.isEmpty()) throw new IllegalStateException("only one set of feature pairs can be cached");
        if (encoding.top() > 0) {
            throw new LimbeckException("features cannot be cached as " + encoding + "; use float16 or float32");
        }
        // Rows of the open folder have no room for them.
        if (folder != null && store != null) {
            throw new LimbeckException("the cache in " + folder + " was opened for outputs without features, found "
                    + "features of " + String.join(", ", new TreeSet<>(features))
                    + "; ask for the features first, and use another folder");
        }
        points.addAll(new TreeSet<>(features));
    }

    /** Return keys if outputs for the batch are to be cached, else null. */
    private SampleKey @Nullable [] keys(Batch batch, Set<String> features) {
        Provenance origin = batch.origin();
        if (origin == null) return null;
        // Memory holds no features, and a pass that wants none needs none of a folder that holds some.
        if (!points.isEmpty() && (folder == null || features.isEmpty())) return null;
        SampleKey[] keys = data.keys(origin, batch.indices());
        return keys == null || folder != null ? keys : BatchOrder.among(keys);
    }

    /** Compute the outputs that are cached, and join them. */
    private Tensor joined(Batch batch) {
        TeacherResult computed = session.compute(batch, Set.copyOf(points));
        Tensor logits = computed.logits();
        if (store != null && logits.size(1) != layout.classes()) {
            throw differs("classes", layout.classes(), logits.size(1));
        }
        layout.classes(Math.toIntExact(logits.size(1)));
        Tensor[] parts = new Tensor[1 + points.size()];
        parts[0] = logits;
        for (int i = 0; i < points.size(); i++) {
            Tensor feature = computed.feature(points.get(i));
            if (feature.dim() > 2 && InputSpec.areInOrder(session.facts().inputs())) {
                throw new LimbeckException("features of tokens (" + points.get(i) + ") cannot be cached in a folder, "
                        + "because texts are padded to the longest of their batch; turn the cache off "
                        + "(--cache-teacher), or use losses on logits");
            }
            long[] shape = Arrays.copyOfRange(feature.shape(), 1, (int) feature.dim());
            long[] known = layout.layer(points.get(i), shape);
            if (store != null && known != null && !Arrays.equals(known, shape)) {
                throw differs(points.get(i), Tensors.shapeText(known), Tensors.shapeText(shape));
            }
            parts[1 + i] = feature.reshape(feature.size(0), -1);
        }
        return Ops.cat(1, parts);
    }

    private LimbeckException differs(String what, Object there, Object here) {
        return new LimbeckException(folder + " says that " + what + " of its outputs are " + there
                + ", but the teacher's are " + here + "; delete it, and the outputs are computed again");
    }

    /** Use what is there already, which knows how long a row is. */
    private void reopen() {
        if (memory != null && memory.rowBytes() > 0) {
            layout.classes(memory.rowBytes() / Float.BYTES);
            store = memory;
        }
        Map<String, String> there = folder == null ? null : DiskStore.facts(folder);
        if (there == null) return;
        layout.read(there, folder);
        open();
    }

    private void open() {
        if (store != null) return;
        if (folder == null) {
            store = memory;
            return;
        }
        // The layout of the folder must contain the captured layers.
        if (!layout.layers().equals(points)) {
            throw new LimbeckException(folder + " caches features of "
                    + (layout.layers().isEmpty() ? "no layer" : String.join(", ", layout.layers()))
                    + ", expected those of "
                    + (points.isEmpty() ? "none" : String.join(", ", points)) + "; choose another folder");
        }
        layout.write(facts);
        DiskStore opened = new DiskStore(folder, facts, encoding.bytes(layout.width()), log);
        store = opened;
        if (opened.size() == 0) {
            log.accept(plan());
        } else {
            checkRows(opened);
            log.accept(String.format(Locale.ROOT, "%,d cached outputs in %s", opened.size(), folder));
        }
    }

    /** Describe the size of the cache. */
    private String plan() {
        long rows =
                (long) data.size(Split.TRAIN) * data.views().length + (points.isEmpty() ? data.size(Split.VALID) : 0);
        return String.format(
                Locale.ROOT,
                "caching outputs in %s: up to %,d rows of %,d numbers as %s, %,.1f MB",
                folder,
                rows,
                layout.width(),
                encoding,
                rows * (encoding.bytes(layout.width()) + 16) / 1e6);
    }

    /** Reject a folder without any rows of this data. */
    private void checkRows(DiskStore opened) {
        if (knows(opened, new Provenance(Split.VALID, Provenance.PLAIN))) return;
        for (int view : data.views()) {
            if (knows(opened, new Provenance(Split.TRAIN, view))) return;
        }
        throw new LimbeckException(folder + " has " + opened.size()
                + " cached outputs, none for this data's rows; choose another folder, or delete that one");
    }

    private boolean knows(DiskStore opened, Provenance origin) {
        for (int row = 0; row < data.size(origin.split()); row++) {
            SampleKey[] key = data.keys(origin, row);
            if (key == null || opened.has(key[0])) return true;
        }
        return false;
    }

    /** Return the encoded outputs for a batch, and compute missing ones first. */
    private ByteBuffer rows(SampleKey[] keys, Batch batch) {
        if (!holds(keys)) {
            if (folder == null || order.has(batch)) return buffer(compute(keys, batch));
            // Another process may have written them in the meantime.
            if (!isFull() && store instanceof DiskStore disk) disk.refresh();
            if (!isFull() && !holds(keys)) askInOwnOrder(Objects.requireNonNull(batch.origin()));
            // The cache is full or not writable.
            if (!holds(keys)) return buffer(compute(keys, batch));
        } else {
            counts.found += keys.length;
        }
        int rowBytes = encoding.bytes(layout.width());
        ByteBuffer rows = buffer(keys.length * rowBytes);
        for (int row = 0; row < keys.length; row++) {
            rows.position(row * rowBytes);
            if (!store().get(keys[row], rows)) {
                throw new LimbeckException("an output of teacher " + name + " is gone from its cache"
                        + (folder == null ? "" : " in " + folder) + "; repeat the command, and it is computed again");
            }
        }
        return rows;
    }

    private boolean holds(SampleKey... keys) {
        RowStore opened = store;
        return opened != null && Stream.of(keys).allMatch(opened::has);
    }

    /** Compute a batch, and cache its missing rows. */
    private byte[] compute(SampleKey[] keys, Batch batch) {
        byte[] encoded = encoding.encode(joined(batch));
        open();
        int rowBytes = encoding.bytes(layout.width());
        for (int row = 0; row < keys.length; row++) store().put(keys[row], encoded, row * rowBytes, rowBytes);
        return encoded;
    }

    /** Compute all rows of a split in a view, in the data's own order and batches. */
    private void askInOwnOrder(Provenance origin) {
        try (DataLoader batches = data.view(origin.split(), origin.view())) {
            while (!isFull()) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    SampleKey[] keys = Objects.requireNonNull(data.keys(origin, batch.indices()));
                    if (!holds(keys)) compute(keys, batch);
                }
            }
        }
    }

    @Override
    public void flush() {
        if (store instanceof DiskStore disk) disk.flush();
    }

    private boolean isFull() {
        return store != null && store.isFull();
    }

    private RowStore store() {
        if (store == null) throw new IllegalStateException("the store is opened with the first output");
        return store;
    }

    private ByteBuffer buffer(int bytes) {
        if (buffer.capacity() < bytes) buffer = ByteBuffer.allocateDirect(bytes);
        return buffer.clear().limit(bytes);
    }

    private ByteBuffer buffer(byte[] bytes) {
        return buffer(bytes.length).put(bytes);
    }
}
