package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Teach with a function of one's own, such as a call of another runtime or of a service.
 *
 * @param name that records show
 * @param classNames in the order of its logits
 * @param function from inputs as the student sees them, row-major on the host, to logits of rows×classes, row-major
 */
public record FunctionTeacher(String name, List<String> classNames, Function<Inputs, float[]> function)
        implements Teacher {
    /**
     * Hold a batch of inputs.
     *
     * @param values row-major
     * @param shape its first number is that of the rows
     */
    public record Inputs(float[] values, long[] shape) {
        /** Return how many there are. */
        public int rows() {
            return Math.toIntExact(shape[0]);
        }
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public Lesson begin(Data data, Device device) {
        return new Lesson() {
            @Override
            public Tensor logits(Tensor input) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Inputs inputs = new Inputs(Tensors.toFloats(input), input.shape());
                    float[] answer = function.apply(inputs);
                    if (answer.length != inputs.rows() * classNames.size()) {
                        throw new LimbeckException("teacher " + name + " must give " + inputs.rows() + "×"
                                + classNames.size() + " logits, found " + answer.length + " numbers");
                    }
                    for (float value : answer) {
                        if (Float.isNaN(value)) {
                            throw new LimbeckException("teacher " + name + " gave NaN; look at what it computes");
                        }
                    }
                    return scope.handOut(Tensors.to(Tensors.of(answer, inputs.rows(), classNames.size()), device));
                }
            }

            /** A function shows nothing that could be compared. */
            @Override
            public String fingerprint() {
                return "";
            }

            @Override
            public void close() {}
        };
    }
}
