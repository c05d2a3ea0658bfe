package dev.limbeck.distributed;

import dev.limbeck.tensor.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch_gloo;
import org.bytedeco.pytorch.global.torch_nccl;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;
import org.jspecify.annotations.Nullable;

/**
 * Call c10d: a store of texts that process 0 serves, and collective operations, over Gloo for tensors of CPUs and over NCCL for those of
 * GPUs. Calls that fail throw a RuntimeException of the engine. Tensors of different sizes would abort the process, so callers compare sizes
 * first. NCCL was never run by us: it needs several GPUs.
 */
final class C10d implements AutoCloseable {
    /** Names that PyTorch puts before those of its first group on CPUs; with them, a process of PyTorch can be a member. */
    private static final List<String> PYTORCH = List.of("default_pg", "0/", "cpu/");

    /** The last of these names for a group on GPUs, which shares the others. */
    private static final String GPUS = "cuda/";

    /** Time in which a store that can be reached answers. */
    private static final Duration ANSWER = Duration.ofMillis(500);

    /** Each but the first one uses the one before it, which would be freed if nothing referred to it. */
    private final List<Store> stores;

    private final Store store;
    private final Rendezvous where;
    private final Duration timeout;
    private final ProcessGroupGloo cpus;
    private @Nullable ProcessGroupNCCL gpus;
    private boolean left;
    private boolean silent;

    private C10d(List<Store> stores, Rendezvous where, Duration timeout, ProcessGroupGloo cpus) {
        this.stores = stores;
        store = stores.get(stores.size() - 1);
        this.where = where;
        this.timeout = timeout;
        this.cpus = cpus;
    }

    /** Meet the other processes. */
    static C10d join(Rendezvous where, Duration timeout) {
        Loader.load(torch_gloo.class);
        TCPStoreOptions options = new TCPStoreOptions();
        options.port((short) where.port());
        options.isServer(where.rank() == 0 && !where.served());
        options.numWorkers(new SizeTPointer(1).put(where.size()));
        options.waitWorkers(!where.served());
        options.timeout(millis(timeout));
        List<Store> stores = new ArrayList<>();
        // Another program that listens there may accept the connection and never answer.
        stores.add(within(timeout.plusSeconds(1), () -> Scope.retain(new TCPStore(where.address(), options))));
        List<String> names = new ArrayList<>(PYTORCH);
        // The store of torchrun's agent still has the texts of earlier attempts.
        if (where.served()) names.add(0, "/worker/attempt_" + where.attempt());
        for (String name : names) stores.add(Scope.retain(new PrefixStore(name, stores.get(stores.size() - 1))));
        ProcessGroupGloo.Options how = ProcessGroupGloo.Options.create(millis(timeout));
        how.devices().push_back(ProcessGroupGloo.createDeviceForHostname(where.own()));
        Store last = stores.get(stores.size() - 1);
        ProcessGroupGloo cpus = Scope.retain(new ProcessGroupGloo(last, where.rank(), where.size(), how));
        return new C10d(stores, where, timeout, cpus);
    }

    /** Return the group for a tensor's device. That of GPUs is made when the first tensor of one comes, in all processes. */
    private Backend group(Tensor tensor) {
        if (!tensor.is_cuda()) return cpus;
        if (gpus == null) {
            Loader.load(torch_nccl.class);
            // Beside the last name of the group of CPUs.
            stores.add(Scope.retain(new PrefixStore(GPUS, stores.get(stores.size() - 2))));
            gpus = Scope.retain(new ProcessGroupNCCL(stores.get(stores.size() - 1), where.rank(), where.size()));
            gpus.setTimeout(millis(timeout));
        }
        return gpus;
    }

    private static Milliseconds millis(Duration time) {
        return new Milliseconds(time.toMillis());
    }

    /** Store a text under a name. */
    void put(String name, String text) {
        ask(ANSWER, () -> {
            store.set(name, text);
            return text;
        });
    }

    /** Wait at most a time for a text. */
    String get(String name, Duration atMost) {
        return ask(atMost.plus(ANSWER), () -> {
            store._wait(new StringVector(name), millis(atMost));
            return store.get_to_str(name);
        });
    }

    /** Add to a number, and return the sum. */
    long add(String name, long more) {
        return ask(ANSWER, () -> store.add(name, more));
    }

    /** Call the store, unless it has not answered before. */
    private <T> T ask(Duration atMost, Supplier<T> call) {
        if (silent) throw new NoAnswer();
        try {
            return within(atMost, call);
        } catch (NoAnswer e) {
            silent = true;
            throw e;
        }
    }

    /** Call the engine in a thread of its own: over a link that is cut, it waits forever. */
    private static <T> T within(Duration atMost, Supplier<T> call) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread asking = new Thread(
                () -> {
                    try {
                        answer.complete(call.get());
                    } catch (RuntimeException | Error e) {
                        answer.completeExceptionally(e);
                    }
                },
                "limbeck-store");
        asking.setDaemon(true);
        asking.start();
        try {
            return answer.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new NoAnswer();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoAnswer();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) throw error;
            throw (RuntimeException) e.getCause();
        }
    }

    /** Tell that the store does not answer. */
    static final class NoAnswer extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Start to replace a list's only tensor by its sum over the processes. */
    Work startSum(TensorVector tensor) {
        return group(tensor.get(0)).allreduce(tensor);
    }

    /** Replace a tensor by its sum over the processes. */
    void sum(Tensor tensor) {
        startSum(new TensorVector(tensor))._wait();
    }

    /** Replace a tensor by that of process 0. */
    void broadcast(Tensor tensor) {
        BroadcastOptions fromFirst = new BroadcastOptions();
        fromFirst.rootRank(0);
        group(tensor).broadcast(new TensorVector(tensor), fromFirst)._wait();
    }

    /** Close the connections between the processes. Those who wait for this one get an error at once. */
    void leave() {
        if (left) return;
        left = true;
        if (gpus != null) gpus.abort();
        cpus.close();
    }

    @Override
    public void close() {
        leave();
        if (gpus != null) gpus.close();
        // A call that waits for an answer still uses the store.
        if (silent) return;
        Collections.reverse(stores);
        stores.forEach(Store::close);
    }
}
