package dev.limbeck.fit;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.evaluate.Latency;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.Format;
import dev.limbeck.export.OnnxModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.TemporaryFolder;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.zoo.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.apache.commons.io.FileUtils;

/** Measure what networks cost in ONNX Runtime on this machine, with random weights: these do not change the cost. */
final class CostMeter {
    /** Rounds over all networks: other work on the machine then disturbs all of them, and the median of rounds leaves it out. */
    private static final int ROUNDS = 3;

    private static final int RUNS = 50;

    private final Data data;
    private final int threads;
    private final Consumer<String> log;

    /**
     * Create a meter.
     *
     * @param data whose inputs and outputs the networks have
     * @param threads of ONNX Runtime; 0 for its default
     */
    CostMeter(Data data, int threads, Consumer<String> log) {
        this.data = data;
        this.threads = threads;
        this.log = log;
    }

    /**
     * Measure networks. Those that cannot be created for the data or exported are left out, and logged.
     *
     * @return costs in the given order; the latency is NaN where the file alone is above the budget
     */
    List<Cost> measure(List<String> students, Budget budget) {
        Path folder = TemporaryFolder.create();
        try {
            Map<Cost, Path> files = new LinkedHashMap<>();
            for (String student : students) {
                try {
                    Path file = folder.resolve(String.valueOf(files.size())).resolve(Format.ONNX.fileName());
                    files.put(exported(student, file.getParent()), file);
                } catch (RuntimeException e) {
                    // Such as a pooling that is larger than its input.
                    if (!(e instanceof LimbeckException) && !Engine.isThrownByEngine(e)) throw e;
                    log.accept(student + " is left out: " + LimbeckException.briefly(e));
                }
            }
            Map<Cost, List<Double>> measured = new LinkedHashMap<>();
            files.keySet().forEach(cost -> measured.put(cost, new ArrayList<>()));
            for (int round = 0; round < ROUNDS; round++) {
                files.forEach((cost, file) -> {
                    if (budget.allows(cost.bytes())) measured.get(cost).add(median(file));
                });
            }
            List<Cost> costs = new ArrayList<>();
            measured.forEach((cost, rounds) -> costs.add(new Cost(
                    cost.student(),
                    cost.architecture(),
                    middle(rounds),
                    cost.bytes(),
                    cost.parameters(),
                    cost.macs())));
            return costs;
        } finally {
            FileUtils.deleteQuietly(folder.toFile());
        }
    }

    private Cost exported(String student, Path folder) {
        Architecture architecture = Recipe.architecture(student);
        try (Module network = architecture.create(data.task().outputs(), data.inputs())) {
            Summary summary = Summary.of(network, data.inputs());
            Exporter.of(network, data.task(), data.preprocessing()).export(folder);
            long bytes = Files.size(folder.resolve(Format.ONNX.fileName()));
            return new Cost(student, architecture.name(), Double.NaN, bytes, summary.parameters(), summary.macs());
        } catch (IOException e) {
            throw new LimbeckException("its ONNX file cannot be read: " + e.getMessage(), e);
        }
    }

    private double median(Path file) {
        try (OnnxModel model = OnnxModel.open(file, threads);
                Scope scope = Scope.open()) {
            Inputs example = Inputs.example(data.inputs(), 1);
            return Latency.measure(
                            () -> {
                                try (Scope inner = Scope.open()) {
                                    model.forward(example);
                                }
                            },
                            RUNS)
                    .p50();
        }
    }

    private static double middle(List<Double> rounds) {
        return rounds.isEmpty()
                ? Double.NaN
                : DoubleStream.of(
                                rounds.stream().mapToDouble(Double::doubleValue).toArray())
                        .sorted()
                        .skip(rounds.size() / 2)
                        .findFirst()
                        .orElseThrow();
    }

    /** Return a line about a cost. */
    static String words(Cost cost) {
        return String.format(
                Locale.ROOT,
                "%s: %s, %s MB",
                cost.student(),
                Double.isNaN(cost.millis()) ? "not timed" : rounded(cost.millis()) + " ms",
                rounded(cost.bytes() / 1e6));
    }

    /** Write at least two digits that are not 0. */
    private static String rounded(double value) {
        return String.format(Locale.ROOT, value < 0.1 ? "%.2g" : "%.2f", value);
    }
}
