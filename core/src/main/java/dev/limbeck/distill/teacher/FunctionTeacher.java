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
 * Teach with a function of one's own, such as a call of another runtime or of a service.
 *
 * @param name that records show
 * @param classNames in the order of its answers
 * @param knowledge what it answers: logits; probabilities; or the probabilities of its likeliest classes, and 0 for the others
 * @param preparation how its inputs are prepared, as {@link Data#preprocessing()} says it; empty if as the student's
 * @param function from inputs, row-major on the host, to rows×classes numbers, row-major
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

    /** Teach with a function from inputs as the student sees them to logits. */
    public FunctionTeacher(String name, List<String> classNames, Function<Inputs, float[]> function) {
        this(name, classNames, OutputKind.LOGITS, Map.of(), function);
    }

    /** Return the same for a function that answers something else. */
    public FunctionTeacher withOutput(OutputKind other) {
        return new FunctionTeacher(name, classNames, other, preparation, function);
    }

    /** Return the same for a function that wants its inputs otherwise than the student. */
    public FunctionTeacher withPreprocessing(Map<String, String> otherPreparation) {
        return new FunctionTeacher(name, classNames, knowledge, otherPreparation, function);
    }

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
    public TeacherSession open(Data data, Device device) {
        ModelName who = ModelName.teacher(name);
        TeacherInput inputs = TeacherInput.of(data, preparation, who, device);
        ClosedFlag closing = new ClosedFlag("the lesson of teacher " + name);
        return new TeacherSession() {
            @Override
            public Tensor logits(Batch batch) {
                closing.check();
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor input = inputs.of(batch);
                    float[] answer = function.apply(new Inputs(Tensors.toFloats(input), input.shape()));
                    if (answer.length != batch.size() * classes()) {
                        throw new LimbeckException("teacher " + name + " must give " + batch.size() + "×" + classes()
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

            /** A function shows nothing that could be compared. */
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
