package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Golden;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/** Compare losses with golden/losses.json and with finite differences, in float64. */
final class LossProof {
    private LossProof() {}

    /** Check the value and the gradient norm of a row of losses.json. */
    static void golden(String row, Function<Tensor[], Tensor> loss, Tensor... inputs) {
        JsonNode expected = null;
        for (JsonNode node : Golden.read("losses.json").get("losses")) {
            if (node.get("loss").asText().equals(row)) expected = node;
        }
        assertThat(expected).as(row).isNotNull();
        double tolerance = expected.get("tolerance").asDouble();
        for (Tensor input : inputs) input.set_requires_grad(true);
        Tensor value = loss.apply(inputs);
        value.backward();
        double squares = 0;
        for (Tensor input : inputs) {
            for (double g : Tensors.toDoubles(input.grad())) squares += g * g;
        }
        double wanted = expected.get("value").asDouble();
        assertThat(value.item_double()).isEqualTo(wanted, within(tolerance * Math.abs(wanted)));
        double norm = expected.get("gradNorm").asDouble();
        assertThat(Math.sqrt(squares)).isEqualTo(norm, within(tolerance * norm));
    }

    /** Check every element of the gradients. */
    static void finiteDifferences(Function<Tensor[], Tensor> loss, Tensor... inputs) {
        double h = 1e-5;
        for (Tensor input : inputs) input.set_requires_grad(true);
        loss.apply(inputs).backward();
        for (int which = 0; which < inputs.length; which++) {
            double[] gradient = Tensors.toDoubles(inputs[which].grad());
            double[] at = Tensors.toDoubles(inputs[which]);
            for (int i = 0; i < at.length; i++) {
                double slope = (value(loss, inputs, which, at, i, h) - value(loss, inputs, which, at, i, -h)) / (2 * h);
                assertThat(gradient[i])
                        .as("element " + i + " of input " + which)
                        .isEqualTo(slope, within(1e-7 * Math.max(1, Math.abs(slope))));
            }
        }
    }

    /** Check every seventh element of the gradients of the loss's own parameters. */
    static void finiteDifferences(Map<String, Tensor> parameters, Supplier<Tensor> loss) {
        double h = 1e-5;
        parameters.values().forEach(Tensors::clearGrad);
        loss.get().backward();
        parameters.forEach((name, parameter) -> {
            double[] gradient = Tensors.toDoubles(parameter.grad());
            double[] at = Tensors.toDoubles(parameter);
            for (int i = 0; i < at.length; i += 7) {
                double slope = (value(loss, parameter, at, i, h) - value(loss, parameter, at, i, -h)) / (2 * h);
                value(loss, parameter, at, i, 0);
                assertThat(gradient[i])
                        .as(name + ", element " + i)
                        .isEqualTo(slope, within(1e-7 * Math.max(1, Math.abs(slope))));
            }
        });
    }

    private static double value(Supplier<Tensor> loss, Tensor parameter, double[] at, int changed, double by) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            double[] moved = at.clone();
            moved[changed] += by;
            parameter.copy_(Tensors.of(moved, parameter.shape()));
            return loss.get().item_double();
        }
    }

    private static double value(
            Function<Tensor[], Tensor> loss, Tensor[] inputs, int which, double[] at, int changed, double by) {
        try (Scope scope = Scope.open()) {
            double[] moved = at.clone();
            moved[changed] += by;
            Tensor[] others = new Tensor[inputs.length];
            for (int k = 0; k < others.length; k++) others[k] = inputs[k].detach();
            others[which] = Tensors.of(moved, inputs[which].shape());
            return loss.apply(others).item_double();
        }
    }
}
