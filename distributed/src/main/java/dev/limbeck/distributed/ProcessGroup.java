package dev.limbeck.distributed;

import dev.limbeck.LimbeckException;
import dev.limbeck.Version;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Exchange;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Train one model in several processes. Each process calls the same methods in the same order; {@code Learner} does so. A
 * process that fails tells the others why, and they fail too.
 *
 * <pre>{@code
 * try (ProcessGroup group = ProcessGroup.join(where, ProcessGroup.TIMEOUT)) {
 *     Learner.builder(data, Zoo.RESNET18).exchange(group).build().fitOneCycle(5, 1e-2);
 * }
 * }</pre>
 */
public final class ProcessGroup implements Exchange, AutoCloseable {
    /** Default time to wait for another process. */
    public static final Duration TIMEOUT = Duration.ofMinutes(30);

    private static final long BUCKET_BYTES = 4L << 20;
    /** Time in which a process that fails tells the reason, and in which the others read it. */
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private static final String FAILED = "limbeck/failed";
    private static final String READ = "limbeck/read";

    private final Rendezvous where;
    private final C10d engine;
    private @Nullable GradientBuckets buckets;
    private boolean failed;

    private ProcessGroup(Rendezvous where, C10d engine) {
        this.where = where;
        this.engine = engine;
    }

    /**
     * Meet the other processes. Process 0 serves the store that they meet at.
     *
     * @param timeout longest time to wait for another process, here and in each later exchange
     * @throws LimbeckException if a process does not come in time, the port is in use, or the versions differ
     */
    public static ProcessGroup join(Rendezvous where, Duration timeout) {
        try {
            ProcessGroup group = new ProcessGroup(where, C10d.join(where, timeout));
            try {
                group.agree("version", Version.number());
                return group;
            } catch (RuntimeException e) {
                group.close();
                throw e;
            }
        } catch (RuntimeException e) {
            boolean isSilent = e instanceof C10d.NoAnswer;
            if (!isSilent && !Engine.isThrownByEngine(e)) throw e;
            throw new LimbeckException(
                    "process " + where.rank() + " of " + where.size() + " cannot meet the others at " + where.address()
                            + " port " + where.port() + " within " + timeout.toSeconds() + " s ("
                            + (isSilent ? "nothing answers as they do" : Engine.firstLine(e))
                            + "); start all processes, or use another MASTER_PORT",
                    e);
        }
    }

    @Override
    public int rank() {
        return where.rank();
    }

    @Override
    public int size() {
        return where.size();
    }

    /** {@inheritDoc} By a sum, not by the store: who waits for a sum notices at once that a process has ended. */
    @Override
    public List<String> gather(String text) {
        byte[] own = text.getBytes(StandardCharsets.UTF_8);
        double[] lengths = new double[size()];
        lengths[rank()] = own.length;
        lengths = sum(lengths);
        int[] ends = new int[size()];
        for (int i = 0; i < ends.length; i++) ends[i] = (i == 0 ? 0 : ends[i - 1]) + (int) lengths[i];
        byte[] all = new byte[ends[ends.length - 1]];
        System.arraycopy(own, 0, all, ends[rank()] - own.length, own.length);
        byte[] merged = all.length == 0 ? all : merge(all);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < ends.length; i++) {
            int length = (int) lengths[i];
            texts.add(new String(merged, ends[i] - length, length, StandardCharsets.UTF_8));
        }
        return texts;
    }

    private byte[] merge(byte[] own) {
        return exchange(() -> {
            try (Scope scope = Scope.open()) {
                Tensor sum = bytes(own);
                engine.sum(sum);
                return Tensors.toBytes(sum);
            }
        });
    }

    private static Tensor bytes(byte[] values) {
        ByteBuffer direct = ByteBuffer.allocateDirect(values.length);
        direct.put(values).rewind();
        return Tensors.copyOf(direct, DType.UINT8, values.length);
    }

    @Override
    public void begin(Collection<Tensor> parameters) {
        broadcast(parameters);
        buckets = new GradientBuckets(engine, parameters, BUCKET_BYTES);
    }

    @Override
    public void beforeLastBackward() {
        open().listen();
    }

    @Override
    public int sumGradients(int batches) {
        return exchange(() -> open().sum(batches));
    }

    private GradientBuckets open() {
        if (buckets == null) throw new IllegalStateException("no fit has begun");
        return buckets;
    }

    @Override
    public void end() {
        if (buckets != null) buckets.close();
        buckets = null;
    }

    @Override
    public void broadcast(Collection<Tensor> tensors) {
        exchange(() -> {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                for (Tensor one : tensors) {
                    // Gloo sends contiguous tensors; a scalar has no elements to share with a view.
                    Tensor sent = one.contiguous();
                    engine.broadcast(sent);
                    if (rank() > 0) one.copy_(sent);
                }
            }
            return true;
        });
    }

    @Override
    public byte[] broadcast(byte[] bytes) {
        int length = (int) sum(rank() == 0 ? bytes.length : 0)[0];
        if (length == 0) return new byte[0];
        return exchange(() -> {
            try (Scope scope = Scope.open()) {
                Tensor sent = bytes(rank() == 0 ? bytes : new byte[length]);
                engine.broadcast(sent);
                return Tensors.toBytes(sent);
            }
        });
    }

    @Override
    public double[] sum(double... values) {
        if (values.length == 0) return values;
        return exchange(() -> {
            try (Scope scope = Scope.open()) {
                Tensor sum = Tensors.of(values, values.length);
                engine.sum(sum);
                return Tensors.toDoubles(sum);
            }
        });
    }

    @Override
    public float[] merge(float[] own) {
        if (own.length == 0) return own;
        return exchange(() -> {
            try (Scope scope = Scope.open()) {
                Tensor sum = Tensors.of(own, own.length);
                engine.sum(sum);
                return Tensors.toFloats(sum);
            }
        });
    }

    private <T> T exchange(Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            if (!Engine.isThrownByEngine(e)) throw e;
            throw lost(e);
        }
    }

    /** Return why an exchange failed: what another process said, if it did. */
    private LimbeckException lost(RuntimeException e) {
        failed = true;
        engine.leave();
        String reason;
        try {
            reason = engine.get(FAILED, LAST_WORDS);
            engine.add(READ, 1);
        } catch (RuntimeException noStore) {
            reason = "another process was lost or did not answer in time (" + Engine.firstLine(e) + ")";
        }
        return new LimbeckException(reason, e);
    }

    /** Tell the other processes why this one fails. Call this before {@link #close}. */
    public void fail(String reason) {
        if (failed) return;
        failed = true;
        try {
            engine.put(FAILED, "process " + rank() + " failed: " + reason);
            engine.leave();
            // The store goes with process 0.
            for (int i = 0; i < 20 && rank() == 0 && engine.add(READ, 0) < size() - 1; i++) Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!(e instanceof C10d.NoAnswer) && !Engine.isThrownByEngine(e)) throw e;
            // Nobody is left to inform.
        }
    }

    @Override
    public void close() {
        end();
        engine.close();
    }
}
