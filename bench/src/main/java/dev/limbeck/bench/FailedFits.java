package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Architecture;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Let many fits fail at each place that can throw, and check that no native object is leaked. Prints a JSON line for
 * each place. Exits with 1 if any place leaks, or a fit did not throw.
 */
public final class FailedFits {
    private static final int CLASSES = 4;
    private static final int WARM_UP = 20;
    private static final List<String> PLACES = Stream.concat(
                    Stream.of("forward", "loss", "teacher", "data", "checkpoint"),
                    Arrays.stream(Callback.class.getMethods())
                            .map(Method::getName)
                            .filter(name -> name.matches("(before|after)[A-Z].*"))
                            .sorted())
            .toList();

    private FailedFits() {}

    /** Run the benchmark; options are {@code --fits --places}. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("fits", "1000", "places", String.join(",", PLACES)), arguments);
        boolean clean = true;
        // A file cannot be created below another file.
        Path file = Files.createTempFile("failed-fits", "");
        for (String place : options.list("places")) {
            clean &= measure(place, options.number("fits"), file.resolve("checkpoint.safetensors"));
        }
        Files.delete(file);
        if (!clean) System.exit(1);
    }

    private static boolean measure(String place, int fits, Path checkpoint) {
        try (RepeatedBatch batch = new RepeatedBatch(Tensors.randn(8, 6), CLASSES, 2);
                Learner learner = Learner.builder(
                                place.equals("data") ? failing(batch) : batch,
                                new Architecture("failing", 1, classes -> new Net(classes, place.equals("forward"))))
                        .device("cpu")
                        .loss((output, labels, weights) -> {
                            Tensor loss = Ops.crossEntropy(output, labels);
                            if (place.equals("loss")) throw new Thrown();
                            return loss;
                        })
                        .build()) {
            List<Callback> callbacks = new ArrayList<>();
            if (place.equals("teacher")) {
                callbacks.add(KnowledgeDistillation.from(new FailingTeacher()).build());
            }
            if (place.equals("checkpoint")) callbacks.add(new Checkpoint(checkpoint));
            callbacks.add(failingAt(place));
            int thrown = fit(learner, callbacks, WARM_UP);
            long before = counted();
            thrown += fit(learner, callbacks, fits);
            long growth = counted() - before;
            System.out.printf(
                    Locale.ROOT,
                    "{\"place\": \"%s\", \"fits\": %d, \"thrown\": %d, \"counted_growth\": %d, \"resident_mib\": %.1f}%n",
                    place,
                    fits,
                    thrown - WARM_UP,
                    growth,
                    Engine.residentBytes() / 1048576.0);
            return growth == 0 && thrown == fits + WARM_UP;
        }
    }

    private static int fit(Learner learner, List<Callback> callbacks, int times) {
        int thrown = 0;
        for (int i = 0; i < times; i++) {
            try {
                learner.fit(1, 1e-3, callbacks.toArray(Callback[]::new));
            } catch (RuntimeException e) {
                thrown++;
            }
        }
        return thrown;
    }

    private static long counted() {
        try {
            System.gc();
            Thread.sleep(300);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return Engine.countedBytes();
    }

    /** Exception thrown at the tested places. */
    private static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;

        Thrown() {
            super("thrown on purpose");
        }
    }

    /** Create a callback that allocates a tensor and then throws in a given method. */
    private static Callback failingAt(String moment) {
        return (Callback) Proxy.newProxyInstance(
                FailedFits.class.getClassLoader(), new Class<?>[] {Callback.class}, (proxy, method, arguments) -> {
                    if (!method.isDefault()) return null;
                    boolean late = arguments == null || !(arguments[0] instanceof TrainStep step) || step.index() == 1;
                    if (method.getName().equals(moment) && late) {
                        if (arguments != null && arguments[0] instanceof TrainStep) Tensors.zeros(DType.FLOAT32, 4);
                        throw new Thrown();
                    }
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                });
    }

    private static Data failing(Data data) {
        return (Data) Proxy.newProxyInstance(
                FailedFits.class.getClassLoader(), new Class<?>[] {Data.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(data, arguments);
                        return result instanceof DataLoader stream
                                        && method.getName().equals("train")
                                ? new FailingStream(stream)
                                : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Return one batch and throw instead of the next. */
    private static final class FailingStream implements DataLoader {
        private final DataLoader stream;
        private int given;

        FailingStream(DataLoader stream) {
            this.stream = stream;
        }

        @Override
        public int batches() {
            return stream.batches();
        }

        @Override
        public Batch next() {
            if (given++ > 0) throw new Thrown();
            return stream.next();
        }

        @Override
        public void close() {
            stream.close();
        }
    }

    private static final class Net extends Module {
        private final Linear fc;
        private final boolean fails;
        private int calls;

        Net(long classes, boolean fails) {
            fc = child("fc", new Linear(6, classes));
            this.fails = fails;
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor output = fc.apply(x);
            if (fails && ++calls % 2 == 0) throw new Thrown();
            return output;
        }

        @Override
        public String script() {
            return "def forward(self, x: Tensor):\n    return self.fc.forward(x)\n";
        }

        @Override
        public String describe() {
            return "failing";
        }
    }

    private static final class FailingTeacher implements Teacher {
        @Override
        public String name() {
            return "failing";
        }

        @Override
        public List<String> classNames() {
            return List.of();
        }

        @Override
        public int classes() {
            return CLASSES;
        }

        @Override
        public boolean isModule(Module other) {
            return false;
        }

        @Override
        public TeacherSession open(TeacherContext context) {
            AtomicInteger asked = new AtomicInteger();
            return TeacherSession.of(context, "failing", batch -> {
                Tensor logits = Tensors.randn(batch.size(), CLASSES);
                if (asked.incrementAndGet() % 2 == 0) throw new Thrown();
                return logits;
            });
        }
    }
}
