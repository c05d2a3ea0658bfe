package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold students that are trained along with the one that runs a fit: on its batches, by its optimizer. Callbacks pass the moments of the
 * fit on. A checkpoint holds all of them. Each epoch logs {@code peer1_accuracy} and the like.
 */
final class Peers {
    private final List<Learner> learners;
    private final List<Module.ModeGuard> modes = new ArrayList<>();

    Peers(List<Learner> learners) {
        this.learners = List.copyOf(learners);
    }

    boolean isEmpty() {
        return learners.isEmpty();
    }

    /** Return the number of students, without the one that runs the fit. */
    int size() {
        return learners.size();
    }

    /**
     * Get ready for a fit.
     *
     * @throws LimbeckException if a student is there twice, or has other data or another device
     */
    void begin(TrainingContext fit) {
        List<Module> all = new ArrayList<>(List.of(fit.model()));
        for (Learner learner : learners) {
            if (all.contains(learner.model())) {
                throw new LimbeckException(
                        "students that train together must be different ones, found one of them twice");
            }
            if (learner.data() != fit.data().base()) {
                throw new LimbeckException("students that train together must share one data object");
            }
            String here = name(fit.device());
            if (!name(learner.device()).equals(here)) {
                throw new LimbeckException("students that train together must share one device, found " + here + " and "
                        + name(learner.device()));
            }
            all.add(learner.model());
        }
        // One optimizer trains all of them, with one rate; layers that wait are planned for one network.
        if (!learners.isEmpty() && all.stream().anyMatch(Peers::isFrozenInPart)) {
            throw new LimbeckException("students that train together must train all their weights, found frozen ones; "
                    + "unfreeze them, or fine-tune the students one by one");
        }
        learners.forEach(learner -> modes.add(learner.model().keepModes()));
    }

    private static boolean isFrozenInPart(Module module) {
        return module.parameters().values().stream().anyMatch(parameter -> !parameter.requires_grad());
    }

    private static String name(Device device) {
        try (Scope scope = Scope.open()) {
            return device.str().getString();
        }
    }

    /** Set training mode. */
    void train() {
        learners.forEach(learner -> learner.model().train());
    }

    /** Compute each student's outputs for a step's batch. */
    List<Tensor> forward(TrainStep step) {
        return learners.stream()
                .map(learner -> Autocast.apply(
                        learner.precision(),
                        learner.model()::apply,
                        step.batch().inputs()))
                .toList();
    }

    /** Add each student's task loss as {@code task peer1} and so on. */
    void addTasks(TrainStep step, List<Tensor> outputs, double weight) {
        for (int i = 0; i < outputs.size(); i++) {
            step.addTerm(named(TrainStep.TASK, i), step.taskLoss(learners.get(i)::taskLoss, outputs.get(i)), weight);
        }
    }

    /** Return the name of a student's loss term. */
    static String named(String term, int peer) {
        return term + " peer" + (peer + 1);
    }

    /** Evaluate each student, and log its metrics. */
    void validate(TrainingContext fit) {
        if (!fit.data().has(Split.VALID)) return;
        for (int i = 0; i < learners.size(); i++) {
            String name = "peer" + (i + 1) + "_";
            learners.get(i).validate().metrics().forEach((metric, value) -> fit.log(name + metric, value));
        }
    }

    /** End the fit: modules are as they were before. */
    void end() {
        modes.forEach(Module.ModeGuard::close);
        modes.clear();
    }

    /**
     * Return the parameters of all students.
     *
     * @param owner callback that they belong to, such as {@code mutual}
     */
    Map<String, Tensor> parameters(String owner) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        forEach((prefix, learner) -> learner.model()
                .parameters()
                .forEach((name, tensor) -> parameters.put(owner + "." + prefix + name, tensor)));
        return parameters;
    }

    /** Add the weights of all students to a callback's state. */
    void addTo(StateDict state) {
        forEach((prefix, learner) -> {
            try (StateDict own = learner.model().stateDict()) {
                state.add(prefix, own);
            }
        });
    }

    /** Load the weights of all students. */
    void restore(StateDict state) {
        forEach((prefix, learner) -> {
            try (StateDict own = state.take(prefix)) {
                learner.model().load(own);
            }
        });
    }

    private void forEach(BiConsumer<String, Learner> action) {
        for (int i = 0; i < learners.size(); i++) action.accept("peer" + (i + 1) + ".", learners.get(i));
    }
}
