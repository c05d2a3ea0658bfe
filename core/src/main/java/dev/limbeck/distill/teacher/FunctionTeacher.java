package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Wrap a function as a teacher, such as a call to another runtime or service.
 *
 * @param name that records show
 * @param classNames in the order of its outputs; empty if they are not known
 * @param kind what it returns: logits; probabilities; or the probabilities of its likeliest classes, and 0 for the others
 * @param preprocessing how its inputs are prepared, as {@link Data#preprocessing()} says it; empty if as the student's
 * @param function from inputs, in the order of that preprocessing, to rows×classes numbers, row-major
 */
public record FunctionTeacher(
        String name,
        List<String> classNames,
        OutputKind kind,
        Map<String, String> preprocessing,
        Function<dev.limbeck.tensor.Inputs, float[]> function)
        implements Teacher {
    public FunctionTeacher {
        classNames = List.copyOf(classNames);
        preprocessing = Map.copyOf(preprocessing);
    }

    /** Create a teacher from a function that maps the student's only input, row-major on the host, to logits. */
    public FunctionTeacher(String name, List<String> classNames, Function<Inputs, float[]> function) {
        this(name, classNames, OutputKind.LOGITS, Map.of(), given -> {
            Tensor only = given.only();
            return function.apply(new Inputs(Tensors.toFloats(only), only.shape()));
        });
    }

    /** Return a copy for a function with another kind of output. */
    public FunctionTeacher withOutput(OutputKind other) {
        return new FunctionTeacher(name, classNames, other, preprocessing, function);
    }

    /** Return the same for a function that wants its inputs otherwise than the student. */
    public FunctionTeacher withPreprocessing(Map<String, String> other) {
        return new FunctionTeacher(name, classNames, kind, other, function);
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

    /** {@inheritDoc} Numbers of a regression are in the targets' units. */
    @Override
    public Task task(Task student) {
        return student.kind() == Task.Kind.REGRESSION ? new Task.Regression(student.names()) : student;
    }

    /** {@inheritDoc} What the function returns is the embedding. It needs no class names. */
    @Override
    public Teacher embedding(@Nullable String layer) {
        if (layer == null && kind == OutputKind.LOGITS) return this;
        throw new LimbeckException(
                "teacher " + name + " is a function, which shows no layers; let it return embeddings");
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        ModelName who = ModelName.teacher(name);
        return new LogitsSession(TeacherInput.of(context, preprocessing, who), context.device(), who) {
            @Override
            Tensor logits(dev.limbeck.tensor.Inputs given) {
                float[] outputs = function.apply(given);
                int rows = given.rows();
                int width = classNames.isEmpty() ? outputs.length / rows : classes();
                if (outputs.length != rows * width || width == 0) {
                    throw new LimbeckException("teacher " + name + " must return " + rows + "×"
                            + (classNames.isEmpty() ? "classes" : classes()) + " numbers, found " + outputs.length);
                }
                return OutputAdapter.logits(
                        Tensors.of(outputs, rows, width),
                        who,
                        rows,
                        classes(),
                        TeacherOutput.of(kind),
                        context.data().task().kind());
            }

            /** {@inheritDoc} A function shows nothing that could be compared. */
            @Override
            TeacherFacts facts(List<InputSpec> specs, Preprocessing seen) {
                return new TeacherFacts(kind, TeacherOutput.of(kind).words(), Precision.FP32, specs, seen, () -> "");
            }
        };
    }
}
