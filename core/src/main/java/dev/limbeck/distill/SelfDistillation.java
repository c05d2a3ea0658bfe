package dev.limbeck.distill;

import dev.limbeck.Settings;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingTask;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Distill a network into its own shallow layers, without a teacher. Each chosen layer gets an exit: global average
 * pooling, of texts without padding, and a linear classifier. An exit learns from the labels and from the network's own logits. Exits are trained
 * with the network, but are not part of it.
 *
 * <p>total = task + s·Σ over the exits of ((1 − w)·task of the exit + w·loss(exit, own logits))
 *
 * <p>Zhang et al., Be Your Own Teacher: Improve the Performance of Convolutional Neural Networks via Self Distillation,
 * ICCV 2019, without its bottleneck layers and hints.
 */
public final class SelfDistillation implements Callback {
    private static final long SEED = 0xe817L;

    private final List<String> layers;
    private final LogitLoss loss;
    private final double weight;
    private final double scale;
    private final Map<String, Linear> exits = new LinkedHashMap<>();
    private Map<String, FeatureForm> forms = Map.of();
    private @Nullable Module madeFor;
    private @Nullable Capture capture;

    private SelfDistillation(List<String> layers, LogitLoss loss, double weight, double scale) {
        this.layers = List.copyOf(layers);
        this.loss = loss;
        this.weight = weight;
        this.scale = scale;
    }

    /** Add exits after layers. The defaults are w = 0.5, s = 1 and {@link SoftTarget} at T = 3. */
    public static SelfDistillation at(String... layers) {
        return new SelfDistillation(Arrays.asList(layers), new SoftTarget(), 0.5, 1);
    }

    /** Set the loss between exits and the network's logits. */
    public SelfDistillation loss(LogitLoss other) {
        return new SelfDistillation(layers, other, weight, scale);
    }

    /** Set the weight w of the network's logits for an exit, in [0, 1]. The labels get 1 − w. */
    public SelfDistillation weight(double share) {
        return new SelfDistillation(layers, loss, Settings.inUnit("weight", share), scale);
    }

    /** Set the scale s ≥ 0 of all exits. */
    public SelfDistillation scale(double factor) {
        return new SelfDistillation(layers, loss, weight, Settings.notNegative("scale", factor));
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        DistillationChecks.fits(loss, fit.data());
        Capture watching = Capture.of(fit.model(), layers);
        capture = watching;
        if (madeFor == fit.model()) return;
        madeFor = null;
        exits.values().forEach(Module::close);
        exits.clear();
        Tensors.seed(fit.seed() + SEED);
        try (Scope scope = Scope.open();
                Module.ModeGuard modes = fit.model().evalMode();
                NoGrad noGrad = NoGrad.on()) {
            forms = FeatureForm.find(fit.data().inputs(), example -> {
                watching.start();
                fit.model().apply(fit.model().adapt(example));
                Map<String, long[]> shapes = new LinkedHashMap<>();
                for (String layer : layers)
                    shapes.put(layer, watching.get(layer).shape());
                return shapes;
            });
            int classes = fit.data().task().outputs();
            forms.forEach((layer, form) -> {
                Linear exit = new Linear(form.width(), classes);
                exit.to(fit.device());
                exits.put(layer, exit);
            });
        } finally {
            watching.stop();
        }
        madeFor = fit.model();
    }

    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            watching().start();
            task.forward(step);
            addExits(step);
        };
    }

    private void addExits(TrainStep step) {
        Tensor own = step.prediction().detach();
        Tensor labels = step.batch().labels();
        InputSpec padded = FeatureForm.padded(step.fit().data().inputs());
        Tensor mask =
                padded == null ? null : FeatureForm.mask(padded, step.batch().inputs());
        exits.forEach((layer, exit) -> {
            FeatureForm form = Objects.requireNonNull(forms.get(layer));
            Tensor logits = exit.apply(form.vector(watching().get(layer), mask));
            Tensor task = step.taskLoss(step.fit()::taskLoss, logits);
            step.addTerm("exit " + layer, task, scale * (1 - weight));
            step.addTerm(loss.name() + " " + layer, loss.compute(logits, own, labels), scale * weight);
        });
        watching().stop();
    }

    private Capture watching() {
        Capture current = capture;
        if (current == null) throw new IllegalStateException("self-distillation only runs during a fit");
        return current;
    }

    @Override
    public void afterFit(TrainingContext fit) {
        if (capture != null) capture.close();
        capture = null;
    }

    @Override
    public Map<String, Tensor> parameters() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        exits.forEach((layer, exit) ->
                exit.parameters().forEach((name, tensor) -> parameters.put("exit." + layer + "." + name, tensor)));
        return parameters;
    }

    @Override
    public String stateName() {
        return "SelfDistillation";
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        int number = 0;
        for (Linear exit : exits.values()) {
            try (StateDict own = exit.stateDict()) {
                state.add(number++ + ".", own);
            }
        }
        return state;
    }

    @Override
    public void restore(StateDict state) {
        int number = 0;
        for (Linear exit : exits.values()) {
            try (StateDict own = state.take(number++ + ".")) {
                exit.load(own);
            }
        }
    }
}
