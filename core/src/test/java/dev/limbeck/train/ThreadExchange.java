package dev.limbeck.train;

import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Exchange values between threads of one process, as processes would. */
public final class ThreadExchange implements Exchange {
    private static final long LONGEST_SECONDS = 20;

    private final ThreadExchange[] all;
    private final CyclicBarrier barrier;
    private final int rank;
    private Object given;
    private Throwable failure;
    private Collection<Tensor> parameters = List.of();

    private ThreadExchange(ThreadExchange[] all, CyclicBarrier barrier, int rank) {
        this.all = all;
        this.barrier = barrier;
        this.rank = rank;
    }

    /** Run one task for each of a number of processes, at the same time, and return their results. */
    public static <T> List<T> run(int size, Function<Exchange, T> task) throws Exception {
        ThreadExchange[] all = new ThreadExchange[size];
        CyclicBarrier barrier = new CyclicBarrier(size);
        for (int i = 0; i < size; i++) all[i] = new ThreadExchange(all, barrier, i);
        ExecutorService threads = Executors.newFixedThreadPool(size);
        try {
            List<Future<T>> started = new ArrayList<>();
            for (ThreadExchange one : all)
                started.add(threads.submit((Callable<T>) () -> {
                    try {
                        return task.apply(one);
                    } catch (RuntimeException | Error e) {
                        one.fail(e);
                        throw e;
                    }
                }));
            List<T> results = new ArrayList<>();
            for (Future<T> one : started) results.add(one.get());
            return results;
        } finally {
            threads.shutdown();
        }
    }

    /** Tell the others, who wait for this one in vain. */
    private void fail(Throwable e) {
        for (ThreadExchange one : all) if (one.failure == null) one.failure = e;
        barrier.reset();
    }

    /** Give a value to the others, compute something of all values, and return when all have done so. */
    @SuppressWarnings("unchecked")
    private <T, R> R together(T own, Function<List<T>, R> work) {
        try {
            given = own;
            barrier.await(LONGEST_SECONDS, TimeUnit.SECONDS);
            R result = work.apply(Arrays.stream(all).map(one -> (T) one.given).toList());
            barrier.await(LONGEST_SECONDS, TimeUnit.SECONDS);
            return result;
        } catch (Exception e) {
            throw new IllegalStateException("another process failed", failure == null ? e : failure);
        }
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return all.length;
    }

    @Override
    public List<String> gather(String text) {
        return together(text, List::copyOf);
    }

    @Override
    public void begin(Collection<Tensor> trained) {
        parameters = trained;
        broadcast(trained);
    }

    @Override
    public int sumGradients(int batches) {
        List<float[]> own = parameters.stream()
                .map(one -> Tensors.hasGrad(one) ? Tensors.toFloats(one.grad()) : null)
                .toList();
        List<List<float[]>> gradients = together(own, List::copyOf);
        int i = 0;
        for (Tensor parameter : parameters) {
            float[] sum = null;
            for (List<float[]> one : gradients) {
                float[] more = one.get(i);
                if (more == null) continue;
                if (sum == null) sum = new float[more.length];
                for (int k = 0; k < sum.length; k++) sum[k] += more[k];
            }
            i++;
            if (sum == null) continue;
            // The optimizer takes gradients with the strides of the parameter only.
            if (!Tensors.hasGrad(parameter)) parameter.mutable_grad().put(Tensors.zerosLike(parameter));
            parameter.grad().copy_(Tensors.of(sum, parameter.shape()));
        }
        return (int) sum(batches)[0];
    }

    @Override
    public void broadcast(Collection<Tensor> tensors) {
        List<Tensor> own = List.copyOf(tensors);
        together(own, lists -> {
            if (rank == 0) return null;
            try (NoGrad noGrad = NoGrad.on()) {
                for (int i = 0; i < own.size(); i++)
                    own.get(i).copy_(lists.get(0).get(i));
            }
            return null;
        });
    }

    @Override
    public byte[] broadcast(byte[] bytes) {
        return together(bytes, all -> all.get(0));
    }

    @Override
    public double[] sum(double... values) {
        return together(values, all -> {
            double[] sum = new double[values.length];
            for (double[] one : all) Arrays.setAll(sum, i -> sum[i] + one[i]);
            return sum;
        });
    }

    @Override
    public float[] merge(float[] own) {
        return together(own, all -> {
            float[] sum = new float[own.length];
            for (float[] one : all) for (int i = 0; i < sum.length; i++) sum[i] += one[i];
            return sum;
        });
    }
}
