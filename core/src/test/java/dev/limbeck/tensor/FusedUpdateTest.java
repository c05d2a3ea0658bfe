package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.optim.Sgd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compare the fused kernels with the formulas of the papers, computed in doubles. */
class FusedUpdateTest {
    private static final int STEPS = 5;
    private static final double RATE = 0.05;

    /** Update one number by the paper's formula. */
    private interface Formula {
        double step(double parameter, double gradient);
    }

    private static final class AdamWFormula implements Formula {
        private final AdamW settings;
        private final double decay;
        private double mean;
        private double square;
        private int steps;

        AdamWFormula(AdamW settings, double decay) {
            this.settings = settings;
            this.decay = decay;
        }

        @Override
        public double step(double parameter, double gradient) {
            steps++;
            mean = settings.beta1() * mean + (1 - settings.beta1()) * gradient;
            square = settings.beta2() * square + (1 - settings.beta2()) * gradient * gradient;
            double meanHat = mean / (1 - Math.pow(settings.beta1(), steps));
            double squareHat = square / (1 - Math.pow(settings.beta2(), steps));
            return parameter - RATE * decay * parameter - RATE * meanHat / (Math.sqrt(squareHat) + settings.eps());
        }
    }

    private static final class SgdFormula implements Formula {
        private final Sgd settings;
        private double velocity;

        SgdFormula(Sgd settings) {
            this.settings = settings;
        }

        @Override
        public double step(double parameter, double gradient) {
            double decayed = gradient + settings.weightDecay() * parameter;
            velocity = settings.momentum() * velocity + decayed;
            double direction = settings.nesterov() ? decayed + settings.momentum() * velocity : velocity;
            return parameter - RATE * direction;
        }
    }

    private final Scope scope = Scope.open();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Formula[]> formulas = new LinkedHashMap<>();
    private final Map<String, double[]> expected = new LinkedHashMap<>();

    @BeforeEach
    void makeParameters() {
        add("conv.weight", 2, 3, 1, 1);
        add("conv.bias", 2);
        add("fc.weight", 4, 3);
        add("fc.bias", 4);
        add("scale");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private void add(String name, long... shape) {
        int count = 1;
        for (long size : shape) count *= (int) size;
        double[] values = new double[count];
        for (int i = 0; i < count; i++) values[i] = Math.sin(3.7 * i + name.length());
        Tensor tensor = Tensors.of(values, shape);
        tensor.set_requires_grad(true);
        parameters.put(name, tensor);
        expected.put(name, values);
    }

    private static double gradient(String name, int i, int step) {
        return Math.cos(1.9 * i + name.length() + 0.6 * step) * (i % 2 == 0 ? 1 : 1e-3);
    }

    private void giveGradients(int step, List<String> names) {
        for (String name : names) {
            Tensor parameter = parameters.get(name);
            double[] values = new double[expected.get(name).length];
            for (int i = 0; i < values.length; i++) values[i] = gradient(name, i, step);
            parameter.mul(Tensors.of(values, parameter.shape())).sum().backward();
        }
    }

    private void expectStep(int step, List<String> names) {
        for (String name : names) {
            double[] values = expected.get(name);
            for (int i = 0; i < values.length; i++) {
                values[i] = formulas.get(name)[i].step(values[i], gradient(name, i, step));
            }
        }
    }

    private void follow(Optimizer optimizer, List<List<String>> namesByStep) {
        try (OptimizerState state = optimizer.prepare(parameters)) {
            for (int step = 0; step < namesByStep.size(); step++) {
                List<String> names = namesByStep.get(step);
                giveGradients(step, names);
                state.step(RATE, Double.NaN);
                expectStep(step, names);
                parameters.values().forEach(Tensors::clearGrad);
                for (String name : parameters.keySet()) {
                    assertThat(Tensors.toDoubles(parameters.get(name)))
                            .as("%s after step %d", name, step)
                            .containsExactly(expected.get(name), within(1e-12));
                }
            }
        }
    }

    private void adamWFormulas(AdamW settings) {
        parameters.forEach((name, tensor) -> {
            boolean spared = !settings.decayAll() && tensor.dim() <= 1;
            Formula[] all = new Formula[expected.get(name).length];
            for (int i = 0; i < all.length; i++) {
                all[i] = new AdamWFormula(settings, spared ? 0 : settings.weightDecay());
            }
            formulas.put(name, all);
        });
    }

    private void sgdFormulas(Sgd settings) {
        expected.forEach((name, values) -> {
            Formula[] all = new Formula[values.length];
            for (int i = 0; i < all.length; i++) all[i] = new SgdFormula(settings);
            formulas.put(name, all);
        });
    }

    private List<List<String>> allNames() {
        List<List<String>> names = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) names.add(List.copyOf(parameters.keySet()));
        return names;
    }

    @ParameterizedTest
    @CsvSource({"0.9, 0.99, 1e-5, 0.01, false", "0.8, 0.999, 1e-8, 0.3, true", "0, 0.9, 1e-3, 0, false"})
    void adamWFollowsItsFormula(double beta1, double beta2, double eps, double decay, boolean decayAll) {
        AdamW settings = new AdamW(beta1, beta2, eps, decay, decayAll);
        adamWFormulas(settings);
        follow(settings, allNames());
    }

    @ParameterizedTest
    @CsvSource({"0.9, true, 5e-4", "0.9, false, 0.1", "0, false, 0", "0.5, true, 0"})
    void sgdFollowsItsFormula(double momentum, boolean nesterov, double decay) {
        Sgd settings = new Sgd(momentum, nesterov, decay, true);
        sgdFormulas(settings);
        follow(settings, allNames());
    }

    @Test
    void everyParameterMovesByDefault() {
        Map<String, double[]> before = new LinkedHashMap<>();
        expected.forEach((name, values) -> before.put(name, values.clone()));
        adamWFormulas(AdamW.defaults());
        follow(AdamW.defaults(), allNames());
        parameters.forEach((name, tensor) -> {
            double[] now = Tensors.toDoubles(tensor);
            for (int i = 0; i < now.length; i++) {
                assertThat(now[i]).as("%s[%d]", name, i).isNotEqualTo(before.get(name)[i]);
            }
        });
    }

    @Test
    void adamWCountsTheStepsOfEachParameter() {
        adamWFormulas(AdamW.defaults());
        List<String> all = List.copyOf(parameters.keySet());
        follow(
                AdamW.defaults(),
                List.of(List.of("fc.weight", "fc.bias"), all, List.of("conv.weight", "scale"), List.of(), all));
    }

    @Test
    void sgdLeavesParametersWithoutAGradientAndTheirVelocityAlone() {
        Sgd settings = Sgd.defaults();
        sgdFormulas(settings);
        List<String> all = List.copyOf(parameters.keySet());
        follow(settings, List.of(List.of("fc.weight"), List.of("conv.weight", "scale"), all, List.of(), all));
    }

    @Test
    void theGivenMomentumReplacesTheOptimizersOwn() {
        Sgd own = new Sgd(0.5, false, 0, true);
        sgdFormulas(own);
        try (OptimizerState state = new Sgd(0.9, false, 0, true).prepare(parameters)) {
            List<String> all = List.copyOf(parameters.keySet());
            for (int step = 0; step < 3; step++) {
                giveGradients(step, all);
                state.step(RATE, 0.5);
                expectStep(step, all);
                parameters.values().forEach(Tensors::clearGrad);
            }
        }
        parameters.forEach((name, tensor) ->
                assertThat(Tensors.toDoubles(tensor)).containsExactly(expected.get(name), within(1e-12)));
    }

    @Test
    void frozenParametersAreLeftOut() {
        parameters.get("fc.weight").set_requires_grad(false);
        double[] before = Tensors.toDoubles(parameters.get("fc.weight"));
        try (OptimizerState state = AdamW.defaults().prepare(parameters)) {
            giveGradients(0, List.of("conv.weight"));
            state.step(RATE, Double.NaN);
        }
        assertThat(Tensors.toDoubles(parameters.get("fc.weight"))).containsExactly(before);
    }

    @Test
    void aParameterOfTwoNamesIsMovedOnce() {
        Tensor shared = parameters.get("fc.weight");
        adamWFormulas(AdamW.defaults());
        try (OptimizerState state = AdamW.defaults().prepare(Map.of("a", shared, "b", shared))) {
            giveGradients(0, List.of("fc.weight"));
            state.step(RATE, Double.NaN);
        }
        expectStep(0, List.of("fc.weight"));
        assertThat(Tensors.toDoubles(shared)).containsExactly(expected.get("fc.weight"), within(1e-12));
    }

    @Test
    void nothingToUpdateIsNoError() {
        try (OptimizerState state = Sgd.defaults().prepare(Map.of())) {
            state.step(RATE, Double.NaN);
        }
        try (OptimizerState state = AdamW.defaults().prepare(parameters)) {
            state.step(RATE, Double.NaN);
        }
    }
}
