package dev.limbeck.prune;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.TargetLoss;
import dev.limbeck.train.TargetScale;
import dev.limbeck.train.TaskLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Score channels: those with the lowest scores are removed first. */
public enum Criterion {
    /**
     * Σ|w| over the filter of the convolution that makes the channel. Layers have different norms, so the scores are compared between layers
     * relative to their layer's mean.
     *
     * <p>Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017.
     */
    L1,

    /**
     * |γ| of the batch norm behind the convolution; the mean where there are several, as with a depthwise convolution.
     *
     * <p>Liu et al., Learning Efficient Convolutional Networks through Network Slimming, ICCV 2017.
     */
    BN,

    /**
     * |∂L/∂γ·γ| of the same batch norms, with the task loss L, the mean over batches of training rows in evaluation mode; |Σ ∂L/∂w·w| over the
     * filter where there is no batch norm.
     *
     * <p>Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019.
     */
    TAYLOR;

    /** Return the name in options and recipes. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Return whether it needs training rows. */
    public boolean needsData() {
        return this == TAYLOR;
    }

    /**
     * Score all channels.
     *
     * @param data whose training rows the criterion sees; null if it needs none
     * @param batches number of batches, at least 1
     * @return for each group one score per channel, at least 0
     * @throws LimbeckException if a layer has no batch norm, data is missing or no row has a label
     */
    public List<double[]> scores(PrunableNetwork network, @Nullable Data data, int batches) {
        try (Scope scope = Scope.open()) {
            return scored(network, data, batches);
        }
    }

    private List<double[]> scored(PrunableNetwork network, @Nullable Data data, int batches) {
        return switch (this) {
            case L1 ->
                network.groups().stream()
                        .map(group -> sums(filter(network, group).abs()))
                        .toList();
            case BN ->
                network.groups().stream()
                        .map(group -> mean(norms(network, group).stream()
                                .map(norm -> Tensors.toDoubles(norm.abs()))
                                .toList()))
                        .toList();
            case TAYLOR -> {
                if (data == null) {
                    throw new LimbeckException("the criterion taylor needs data; name it (--data), or take l1 or bn");
                }
                Settings.atLeast(1, "batches", batches);
                if (data.task().kind() == Task.Kind.EMBEDDING) {
                    throw new LimbeckException(
                            "the criterion taylor needs labels, found data for an embedding; take l1 or bn");
                }
                if (!data.has(Split.TRAIN)) throw new LimbeckException("the data has no training rows");
                yield taylor(network, data, batches);
            }
        };
    }

    /** Return the weight of the convolution that makes a group's channels. */
    private static Tensor filter(PrunableNetwork network, ChannelGroup group) {
        Tensor weight = network.network().module(group.name()).ownParameters().get("weight");
        if (weight == null) {
            throw new LimbeckException(
                    group.name() + " has no weight, so its channels have no norm; take another criterion");
        }
        return weight;
    }

    /** Return the scales of a group's batch norms; empty if it has none. */
    private static List<Tensor> scales(PrunableNetwork network, ChannelGroup group) {
        List<Tensor> found = new ArrayList<>();
        for (ChannelGroup.Part part : group.producers()) {
            Module module = network.network().module(part.path());
            // A norm of several copies belongs to a classifier.
            if (module instanceof BatchNorm2d && part.copies() == 1)
                found.add(module.ownParameters().get("weight"));
        }
        return found;
    }

    private static List<Tensor> norms(PrunableNetwork network, ChannelGroup group) {
        List<Tensor> found = scales(network, group);
        if (!found.isEmpty()) return found;
        throw new LimbeckException(
                "the criterion bn needs a batch norm behind each convolution that is pruned, found none behind "
                        + group.name() + "; take l1");
    }

    /** Sum the values of each entry of the first dimension. */
    private static double[] sums(Tensor tensor) {
        double[] values = Tensors.toDoubles(tensor);
        double[] sums = new double[Math.toIntExact(tensor.size(0))];
        int each = values.length / sums.length;
        for (int i = 0; i < values.length; i++) sums[i / each] += values[i];
        return sums;
    }

    private static double[] mean(List<double[]> values) {
        double[] means = new double[values.get(0).length];
        for (double[] one : values) for (int i = 0; i < means.length; i++) means[i] += one[i] / values.size();
        return means;
    }

    private static List<double[]> taylor(PrunableNetwork network, Data data, int batches) {
        List<List<Tensor>> watched = new ArrayList<>();
        for (ChannelGroup group : network.groups()) {
            List<Tensor> scales = scales(network, group);
            watched.add(scales.isEmpty() ? List.of(filter(network, group)) : scales);
        }
        List<Tensor> all = watched.stream().flatMap(List::stream).toList();
        List<Tensor> frozen =
                all.stream().filter(tensor -> !tensor.requires_grad()).toList();
        frozen.forEach(tensor -> tensor.set_requires_grad(true));
        List<double[]> sums = new ArrayList<>();
        network.widths().forEach(width -> sums.add(new double[Math.toIntExact(width)]));
        Module module = network.network();
        TargetLoss loss = TaskLoss.of(data.task());
        TargetScale scale = TargetScale.between(network.taskFor(data.task()), data.task());
        int counted = 0;
        try (Module.ModeGuard modes = module.evalMode();
                DataLoader rows = data.sample(Split.TRAIN, batches * data.batchSize())) {
            for (int i = 0; i < batches; i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = rows.next();
                    if (batch == null) break;
                    Tensor own = module.apply(module.adapt(batch.inputs()));
                    Tensor outputs = scale == null ? own : scale.apply(own);
                    Tensor value = loss.of(outputs, Tensors.to(batch.targets(), outputs.device()), null);
                    if (!Ops.allFinite(value)) {
                        // A batch without any label has no loss.
                        if (!Ops.allFinite(outputs)) {
                            throw new LimbeckException("the criterion taylor found outputs that are not finite: the "
                                    + "training diverged; lower the learning rate");
                        }
                        continue;
                    }
                    add(sums, watched, Ops.gradients(value, all));
                    counted++;
                }
            }
        } finally {
            frozen.forEach(tensor -> tensor.set_requires_grad(false));
        }
        if (counted == 0) {
            throw new LimbeckException(
                    "the criterion taylor needs training rows with labels, found none; take l1 or bn");
        }
        for (double[] one : sums) for (int c = 0; c < one.length; c++) one[c] /= counted;
        return sums;
    }

    /** Add each group's |∂L/∂w·w|, the mean over its tensors. */
    private static void add(List<double[]> sums, List<List<Tensor>> watched, List<@Nullable Tensor> gradients) {
        int next = 0;
        for (int group = 0; group < sums.size(); group++) {
            for (Tensor tensor : watched.get(group)) {
                Tensor gradient = gradients.get(next++);
                if (gradient == null) continue;
                double[] products = sums(gradient.mul(tensor));
                for (int c = 0; c < products.length; c++) {
                    sums.get(group)[c] +=
                            Math.abs(products[c]) / watched.get(group).size();
                }
            }
        }
    }
}
