package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Train several students together without a teacher. Each learns from the labels and from the other students' current
 * outputs for the same batch. One of them runs the fit, and the others come along:
 *
 * <pre>{@code
 * first.fitOneCycle(10, 1e-3, MutualLearning.with(second, third));
 * }</pre>
 *
 * <p>total = Σ over the students of (task + s·mean over the others of loss(own logits, other's logits)); nobody's gradient
 * flows into another student.
 *
 * <p>Zhang et al., Deep Mutual Learning, CVPR 2018. The optimizer of the student that runs the fit trains all of them; other
 * callbacks are about that student. A checkpoint holds all students. Each epoch logs {@code peer1_accuracy} and the like.
 */
public final class MutualLearning implements Callback {
    private final List<Learner> peers;
    private final LogitLoss loss;
    private final double scale;
    private final List<Module.ModeGuard> modes = new ArrayList<>();

    private MutualLearning(List<Learner> peers, LogitLoss loss, double scale) {
        this.peers = peers;
        this.loss = loss;
        this.scale = scale;
    }

    /**
     * Train other students along. The defaults are the paper's T = 1 and s = 1.
     *
     * @param peers one or more, on the data and the device of the student that runs the fit; they stay the caller's
     */
    public static MutualLearning with(Learner... peers) {
        if (peers.length == 0)
            throw new LimbeckException("mutual learning needs at least one other student, found none");
        return new MutualLearning(List.of(peers), new SoftTarget(1), 1);
    }

    /** Set the loss between outputs. */
    public MutualLearning loss(LogitLoss other) {
        return new MutualLearning(peers, other, scale);
    }

    /** Set the scale s ≥ 0 of the loss between students. */
    public MutualLearning scale(double factor) {
        return new MutualLearning(peers, loss, Settings.notNegative("scale", factor));
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        DistillationChecks.fits(loss, fit.data().task().kind());
        List<Module> all = new ArrayList<>(List.of(fit.model()));
        for (Learner peer : peers) {
            if (all.contains(peer.model())) {
                throw new LimbeckException("mutual learning needs different students, found one of them twice");
            }
            if (peer.data() != fit.data().base()) {
                throw new LimbeckException("students in mutual learning must share one data object");
            }
            String here = name(fit.device());
            if (!name(peer.device()).equals(here)) {
                throw new LimbeckException("students in mutual learning must share one device, found " + here + " and "
                        + name(peer.device()));
            }
            all.add(peer.model());
        }
        peers.forEach(peer -> modes.add(peer.model().keepModes()));
    }

    private static String name(Device device) {
        try (Scope scope = Scope.open()) {
            return device.str().getString();
        }
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        peers.forEach(peer -> peer.model().train());
    }

    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            task.forward(step);
            List<Tensor> outputs = new ArrayList<>(List.of(step.prediction()));
            for (Learner peer : peers) {
                outputs.add(Autocast.apply(
                        peer.precision(), peer.model()::apply, step.batch().inputs()));
            }
            for (int i = 0; i < outputs.size(); i++) addTerms(step, i, outputs);
        };
    }

    private void addTerms(TrainStep step, int own, List<Tensor> outputs) {
        if (own > 0) {
            Tensor task = step.taskLoss(peers.get(own - 1)::taskLoss, outputs.get(own));
            step.addTerm("task peer" + own, task, 1);
        }
        Tensor sum = null;
        for (int other = 0; other < outputs.size(); other++) {
            if (other == own) continue;
            Tensor one = loss.compute(
                    outputs.get(own), outputs.get(other).detach(), step.batch().labels());
            sum = sum == null ? one : sum.add(one);
        }
        if (sum == null) throw new IllegalStateException("there is at least one peer");
        step.addTerm("mutual" + (own == 0 ? "" : " peer" + own), Ops.mul(sum, 1.0 / peers.size()), scale);
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        if (!fit.data().has(Split.VALID)) return;
        for (int i = 0; i < peers.size(); i++) {
            String name = "peer" + (i + 1) + "_";
            peers.get(i).validate().metrics().forEach((metric, value) -> fit.log(name + metric, value));
        }
    }

    @Override
    public void afterFit(TrainingContext fit) {
        modes.forEach(Module.ModeGuard::close);
        modes.clear();
    }

    @Override
    public Map<String, Tensor> parameters() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        forEachPeer((prefix, peer) ->
                peer.model().parameters().forEach((name, tensor) -> parameters.put("mutual." + prefix + name, tensor)));
        return parameters;
    }

    @Override
    public String stateName() {
        return "MutualLearning";
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        forEachPeer((prefix, peer) -> {
            try (StateDict own = peer.model().stateDict()) {
                state.add(prefix, own);
            }
        });
        return state;
    }

    @Override
    public void restore(StateDict state) {
        forEachPeer((prefix, peer) -> {
            try (StateDict own = state.take(prefix)) {
                peer.model().load(own);
            }
        });
    }

    private void forEachPeer(BiConsumer<String, Learner> action) {
        for (int i = 0; i < peers.size(); i++) action.accept("peer" + (i + 1) + ".", peers.get(i));
    }
}
