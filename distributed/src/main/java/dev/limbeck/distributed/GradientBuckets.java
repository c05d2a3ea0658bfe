package dev.limbeck.distributed;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.Work;
import org.jspecify.annotations.Nullable;

/**
 * Sum gradients over the processes in buckets of some megabytes. A bucket is sent as soon as the backward pass has computed its
 * gradients, while it computes those of earlier layers (Li et al., "PyTorch Distributed", VLDB 2020). All processes send the
 * buckets in one order, whatever the order their gradients are ready in.
 */
final class GradientBuckets implements AutoCloseable {
    /** Size of the first bucket, to begin early. */
    private static final long FIRST_BYTES = 1L << 20;

    private final class Slot implements AutoCloseable {
        final Tensor parameter;
        /** The gradient's part of the bucket, with the strides of the parameter. */
        final Tensor place;

        private final VoidTensorHook hook;
        private final int registration;
        boolean filled;

        Slot(Tensor parameter, Tensor place) {
            this.parameter = parameter;
            this.place = place;
            hook = Scope.retain(new VoidTensorHook() {
                @Override
                public void call(TensorBase gradient) {
                    if (!listening) return;
                    GradientBuckets.fill(Slot.this, new Tensor(gradient));
                    startFull();
                }
            });
            registration = parameter.register_hook(hook);
        }

        @Override
        public void close() {
            parameter.remove_hook(registration);
            place.close();
            hook.close();
        }
    }

    private static final class Bucket {
        final Tensor flat;
        final TensorVector sent;
        final List<Slot> slots = new ArrayList<>();

        @Nullable
        Work work;

        Bucket(Tensor flat) {
            this.flat = flat;
            sent = Scope.retain(new TensorVector(flat));
        }

        boolean isFull() {
            return slots.stream().allMatch(slot -> slot.filled);
        }
    }

    private final C10d engine;
    private final List<Bucket> buckets = new ArrayList<>();
    private boolean listening;
    private int started;

    /**
     * Assign parameters to buckets, the last layer's first. Frozen ones have no gradients.
     *
     * @param bytes size of a bucket
     */
    GradientBuckets(C10d engine, Collection<Tensor> parameters, long bytes) {
        this.engine = engine;
        List<Tensor> reversed = new ArrayList<>(
                parameters.stream().filter(Tensor::requires_grad).distinct().toList());
        Collections.reverse(reversed);
        List<Tensor> part = new ArrayList<>();
        for (Tensor one : reversed) {
            boolean otherType = !part.isEmpty() && DType.of(part.get(0)) != DType.of(one);
            long most = buckets.isEmpty() ? Math.min(FIRST_BYTES, bytes) : bytes;
            if (otherType || bytes(part) >= most) {
                add(part);
                part.clear();
            }
            part.add(one);
        }
        if (!part.isEmpty()) add(part);
    }

    private static long bytes(List<Tensor> tensors) {
        return tensors.stream()
                .mapToLong(one -> one.numel() * one.element_size())
                .sum();
    }

    private void add(List<Tensor> parameters) {
        try (Scope scope = Scope.open()) {
            long size = parameters.stream().mapToLong(Tensor::numel).sum();
            Tensor first = parameters.get(0);
            Tensor zeros = Tensors.zeros(DType.of(first), size);
            Bucket bucket = new Bucket(Scope.retain(Tensors.to(zeros, first.device())));
            buckets.add(bucket);
            long at = 0;
            for (Tensor one : parameters) {
                Tensor place =
                        Scope.retain(bucket.flat.narrow(0, at, one.numel()).as_strided(one.sizes(), one.strides()));
                at += one.numel();
                bucket.slots.add(new Slot(one, place));
            }
        }
    }

    /** Take the next backward pass as the last one before {@link #sum}. */
    void listen() {
        listening = true;
        started = 0;
        for (Bucket bucket : buckets) {
            bucket.work = null;
            for (Slot slot : bucket.slots) slot.filled = false;
        }
    }

    /** Copy a gradient to its place. The engine adds it to those of earlier batches only after the hook. */
    private static void fill(Slot slot, @Nullable Tensor gradient) {
        try (NoGrad noGrad = NoGrad.on()) {
            boolean earlier = Tensors.hasGrad(slot.parameter);
            if (gradient != null) slot.place.copy_(gradient);
            else if (!earlier) slot.place.zero_();
            else slot.place.copy_(slot.parameter.grad());
            if (gradient != null && earlier) slot.place.add_(slot.parameter.grad());
        }
        slot.filled = true;
    }

    private void startFull() {
        while (started < buckets.size() && buckets.get(started).isFull()) {
            Bucket bucket = buckets.get(started++);
            // The backward pass may run in a scope that closes before the sum is waited for.
            bucket.work = Scope.retain(engine.startSum(bucket.sent));
        }
    }

    /**
     * Replace each gradient by its sum over the processes.
     *
     * @param batches number of batches of this process
     * @return number of batches of all processes
     */
    int sum(int batches) {
        // Without a backward pass nothing was received.
        if (!listening) listen();
        listening = false;
        List<Slot> slots =
                buckets.stream().flatMap(bucket -> bucket.slots.stream()).toList();
        // A parameter that has no gradient anywhere must not get one, since weight decay would change it.
        double[] facts = new double[slots.size() + 1];
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            facts[i] = slot.filled || Tensors.hasGrad(slot.parameter) ? 1 : 0;
            if (!slot.filled) fill(slot, null);
        }
        facts[slots.size()] = batches;
        startFull();
        for (Bucket bucket : buckets) {
            try (Work work = bucket.work) {
                work._wait();
            }
        }
        Tensor all = Tensors.of(facts, facts.length);
        engine.sum(all);
        facts = Tensors.toDoubles(all);
        try (NoGrad noGrad = NoGrad.on()) {
            for (int i = 0; i < slots.size(); i++) {
                Slot slot = slots.get(i);
                if (facts[i] == 0) continue;
                if (Tensors.hasGrad(slot.parameter)) slot.parameter.grad().copy_(slot.place);
                else slot.parameter.mutable_grad().put(Tensors.copy(slot.place));
            }
        }
        return (int) facts[slots.size()];
    }

    @Override
    public void close() {
        for (Bucket bucket : buckets) {
            bucket.slots.forEach(Slot::close);
            bucket.sent.close();
            bucket.flat.close();
        }
        buckets.clear();
    }
}
