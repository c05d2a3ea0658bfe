package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Wrap a function as a teacher, such as a call to another runtime or service.
 *
 * @param name name in run records
 * @param classNames class names in the order of its outputs
 * @param knowledge kind of its outputs: logits, probabilities, or the probabilities of the top classes with 0 for the
 *     others
 * @param preparation preprocessing of its inputs, in the form of {@link Data#preprocessing()}; empty for the student's
 * @param function maps inputs, row-major on the host, to rows×classes numbers, row-major
 */
public record FunctionTeacher(
        String name,
        List<String> classNames,
        OutputKind knowledge,
        Map<String, String> preparation,
        Function<Inputs, float[]> function)
        implements Teacher {
    public FunctionTeacher {
        classNames = List.copyOf(classNames);
        preparation = Map.copyOf(preparation);
    }

    /** Create a teacher from a function that maps the student's inputs to logits. */
    public FunctionTeacher(String name, List<String> classNames, Function<Inputs, float[]> function) {
        this(name, classNames, OutputKind.LOGITS, Map.of(), function);
    }

    /** Return a copy for a function with another kind of output. */
    public FunctionTeacher withOutput(OutputKind other) {
        return new FunctionTeacher(name, classNames, other, preparation, function);
    }

    /** Return a copy for a function with other preprocessing than the student's. */
    public FunctionTeacher withPreprocessing(Map<String, String> otherPreparation) {
        return new FunctionTeacher(name, classNames, knowledge, otherPreparation, function);
    }

    /**
     * Hold a batch of inputs.
     *
     * @param values values, row-major
     * @param shape shape; the first dimension is the batch
     */
    public record Inputs(float[] values, long[] shape) {
        /** Return the batch size. */
        public int rows() {
            return Math.toIntExact(shape[0]);
        }
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public TeacherSession open(Data data, Device device) {
        ModelName who = ModelName.teacher(name);
        TeacherInput inputs = TeacherInput.of(data, preparation, who, device);
        ClosedFlag closing = new ClosedFlag("the session of teacher " + name);
        return new TeacherSession() {
            @Override
            public Tensor logits(Batch batch) {
                closing.check();
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor input = inputs.of(batch);
                    float[] answer = function.apply(new Inputs(Tensors.toFloats(input), input.shape()));
                    if (answer.length != batch.size() * classes()) {
                        throw new LimbeckException("teacher " + name + " must return " + batch.size() + "×" + classes()
                                + " numbers, found " + answer.length);
                    }
                    Tensor given = Tensors.of(answer, batch.size(), classes());
                    return scope.promote(Tensors.to(
                            OutputAdapter.logits(given, who, batch.size(), classes(), TeacherOutput.of(knowledge)),
                            device));
                }
            }

            @Override
            public OutputKind outputKind() {
                return knowledge;
            }

            @Override
            public boolean probe(@Nullable Probe trial) {
                return inputs.tryOn(trial);
            }

            @Override
            public long[] inputShape(long... student) {
                return inputs.shape();
            }

            /** A function has no state to compare. */
            @Override
            public String fingerprint() {
                return "";
            }

            @Override
            public void close() {
                if (closing.close()) inputs.close();
            }
        };
    }
}
