package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/**
 * Update many parameters in one call of LibTorch's fused optimizer kernels. They have no public C++ function and are
 * called through the dispatcher. Parameters without a gradient do not change.
 *
 * <p>It owns the optimizer state (moments or momentum per parameter). Close it.
 */
public final class FusedUpdate implements AutoCloseable {
    static {
        Engine.start();
    }

    private static final OperatorHandle ADAMW = operator("aten::_fused_adamw_");
    private static final OperatorHandle SGD = operator("aten::_fused_sgd_");

    private static final String STEPS = "steps";
    private static final String FIRST = "first.";
    private static final String SECOND = "second.";

    private final List<Tensor> parameters;
    private final List<Tensor> first = new ArrayList<>();
    private final List<Tensor> second = new ArrayList<>();
    private final long[] steps;

    private FusedUpdate(List<Tensor> parameters, boolean twoMoments) {
        this.parameters = List.copyOf(parameters);
        steps = new long[parameters.size()];
        for (Tensor parameter : parameters) {
            first.add(Scope.retain(Tensors.zerosLike(parameter)));
            if (twoMoments) second.add(Scope.retain(Tensors.zerosLike(parameter)));
        }
    }

    /** Look up an operator. It must outlive the scope that is open at first use. */
    private static OperatorHandle operator(String name) {
        return Scope.retain(Dispatcher.singleton().findSchemaOrThrow(name, ""));
    }

    /** Create an AdamW update with decoupled weight decay (Loshchilov and Hutter, ICLR 2019). */
    public static FusedUpdate adamW(List<Tensor> parameters) {
        return new FusedUpdate(parameters, true);
    }

    /** Create an SGD update with momentum. */
    public static FusedUpdate sgd(List<Tensor> parameters) {
        return new FusedUpdate(parameters, false);
    }

    /** Run one AdamW step with the parameters' gradients. */
    public void stepAdamW(double rate, double beta1, double beta2, double eps, double weightDecay) {
        if (second.size() != first.size()) throw new IllegalStateException("this update was prepared for SGD");
        step(
                ADAMW,
                rows -> List.of(
                        list(rows.parameters),
                        list(rows.gradients),
                        list(rows.first),
                        list(rows.second),
                        list(List.of()),
                        list(rows.steps),
                        new IValue(rate),
                        new IValue(beta1),
                        new IValue(beta2),
                        new IValue(weightDecay),
                        new IValue(eps),
                        new IValue(false),
                        new IValue(false)));
    }

    /** Run one SGD step with the parameters' gradients. Weight decay is added to the gradient. */
    public void stepSgd(double rate, double momentum, boolean nesterov, double weightDecay) {
        step(
                SGD,
                rows -> List.of(
                        list(rows.parameters),
                        list(rows.gradients),
                        // The kernel refuses buffers that it would not use.
                        list(momentum == 0 ? List.of() : rows.first),
                        new IValue(weightDecay),
                        new IValue(momentum),
                        new IValue(rate),
                        new IValue(0.0),
                        new IValue(nesterov),
                        new IValue(false),
                        // A momentum that is still zero becomes the gradient either way.
                        new IValue(false)));
    }

    /** Call a kernel, whose last two arguments, the scale and the found infinities of mixed precision, are left out. */
    private void step(OperatorHandle kernel, Function<Rows, List<IValue>> arguments) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Rows rows = rows();
            if (rows.isEmpty()) return;
            IValueVector stack = new IValueVector();
            for (IValue argument : arguments.apply(rows)) stack.push_back(argument);
            IValue none = new IValue();
            stack.push_back(none);
            stack.push_back(none);
            kernel.callBoxed(stack);
        }
    }

    /** Hold the parameters with a gradient and their state, for one call. */
    private static final class Rows {
        final List<Tensor> parameters = new ArrayList<>();
        final List<Tensor> gradients = new ArrayList<>();
        final List<Tensor> first = new ArrayList<>();
        final List<Tensor> second = new ArrayList<>();
        final List<Tensor> steps = new ArrayList<>();

        boolean isEmpty() {
            return parameters.isEmpty();
        }
    }

    /** Collect them, and increment their step counts. Parameters without a gradient are skipped. */
    private Rows rows() {
        Rows rows = new Rows();
        Map<Long, Tensor> counts = new HashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            Tensor gradient = parameters.get(i).grad();
            if (!gradient.defined()) continue;
            rows.parameters.add(parameters.get(i));
            rows.gradients.add(gradient);
            rows.first.add(first.get(i));
            if (second.isEmpty()) continue;
            rows.second.add(second.get(i));
            rows.steps.add(counts.computeIfAbsent(
                    ++steps[i], count -> Tensors.to(Tensors.full(count, DType.FLOAT32), gradient.device())));
        }
        return rows;
    }

    /** Copy the moments and step counts by name. The caller owns the copies. */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put(STEPS, Scope.retain(Tensors.of(steps, steps.length)));
        copies(FIRST, first, state);
        copies(SECOND, second, state);
        return state;
    }

    private static void copies(String name, List<Tensor> tensors, Map<String, Tensor> state) {
        for (int i = 0; i < tensors.size(); i++) state.put(name + i, Scope.retain(Tensors.copy(tensors.get(i))));
    }

    /** Restore a result of {@link #state} for the same parameters. The caller keeps ownership of the tensors. */
    public void restore(Function<String, Tensor> state) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            System.arraycopy(Tensors.toLongs(state.apply(STEPS)), 0, steps, 0, steps.length);
            for (int i = 0; i < first.size(); i++) first.get(i).copy_(state.apply(FIRST + i));
            for (int i = 0; i < second.size(); i++) second.get(i).copy_(state.apply(SECOND + i));
        }
    }

    /** Make a tensor list; {@code new IValue(TensorVector)} would bind to the Pointer constructor and abort the JVM. */
    private static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) list.push_back(new IValue(tensor));
        return new IValue(list);
    }

    @Override
    public void close() {
        first.forEach(Tensor::close);
        second.forEach(Tensor::close);
    }
}
