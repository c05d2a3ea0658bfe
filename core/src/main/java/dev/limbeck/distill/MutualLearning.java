package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Ops;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * <p>Zhang et al., Deep Mutual Learning, CVPR 2018. The optimizer of the student that runs the fit trains all of them, and
 * {@link dev.limbeck.train.GradientClip} clips one norm of all; other callbacks are about that student. A checkpoint holds all students. Each epoch logs {@code peer1_accuracy} and the like.
 */
public final class MutualLearning implements Callback {
    private final Peers peers;
    private final LogitLoss loss;
    private final double scale;

    private MutualLearning(Peers peers, LogitLoss loss, double scale) {
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
        return new MutualLearning(new Peers(List.of(peers)), new SoftTarget(1), 1);
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
        DistillationChecks.fits(loss, fit.data());
        peers.begin(fit);
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        peers.train();
    }

    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            task.forward(step);
            List<Tensor> others = peers.forward(step);
            peers.addTasks(step, others, 1);
            List<Tensor> outputs = new ArrayList<>(List.of(step.prediction()));
            outputs.addAll(others);
            for (int i = 0; i < outputs.size(); i++) addTerm(step, i, outputs);
        };
    }

    private void addTerm(TrainStep step, int own, List<Tensor> outputs) {
        Tensor sum = null;
        for (int other = 0; other < outputs.size(); other++) {
            if (other == own) continue;
            Tensor one = loss.compute(
                    outputs.get(own), outputs.get(other).detach(), step.batch().labels());
            sum = sum == null ? one : sum.add(one);
        }
        if (sum == null) throw new IllegalStateException("there is at least one peer");
        step.addTerm(own == 0 ? "mutual" : Peers.named("mutual", own - 1), Ops.mul(sum, 1.0 / peers.size()), scale);
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        peers.validate(fit);
    }

    @Override
    public void afterFit(TrainingContext fit) {
        peers.end();
    }

    @Override
    public Map<String, Tensor> parameters() {
        return peers.parameters("mutual");
    }

    @Override
    public String stateName() {
        return "MutualLearning";
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        peers.addTo(state);
        return state;
    }

    @Override
    public void restore(StateDict state) {
        peers.restore(state);
    }
}
