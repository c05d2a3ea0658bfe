package dev.limbeck.zoo;

import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute N×outputs logits of a table's rows: the first layer is linear in the numbers and adds a learned row for each word; then, for each
 * further width, ReLU, dropout and a linear layer. Without widths it is a linear model.
 */
public final class TableNet extends Module {
    private static final double DROPOUT = 0.1;
    private static final String PREFIX = "mlp-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}(-[1-9]\\d{0,4})*");

    private final String name;
    private final @Nullable String numbers;
    private final @Nullable String categories;
    private final @Nullable Linear first;
    private final @Nullable Embedding words;
    private final Sequential rest;

    private TableNet(String name, List<InputSpec> inputs, List<Long> widths, long outputs) {
        this.name = name;
        InputSpec floats = find(inputs, true);
        InputSpec ids = find(inputs, false);
        long width = widths.isEmpty() ? outputs : widths.get(0);
        long fanIn = (floats == null ? 0 : floats.shape()[0]) + (ids == null ? 0 : ids.shape()[0]);
        numbers = floats == null ? null : floats.name();
        categories = ids == null ? null : ids.name();
        first = floats == null
                ? null
                : child(
                        "numbers",
                        new Linear(
                                Init.uniformFanIn(fanIn, width, floats.shape()[0]), Init.uniformFanIn(fanIn, width)));
        words = ids == null ? null : child("words", new Embedding(Init.uniformFanIn(fanIn, ids.bound(), width)));
        List<Module> steps = new ArrayList<>();
        for (int i = 0; i < widths.size(); i++) {
            long next = i + 1 < widths.size() ? widths.get(i + 1) : outputs;
            steps.addAll(List.of(new ReLU(), new Dropout(DROPOUT), new Linear(widths.get(i), next)));
        }
        rest = child("rest", new Sequential(steps.toArray(Module[]::new)));
    }

    private static @Nullable InputSpec find(List<InputSpec> inputs, boolean floats) {
        return inputs.stream()
                .filter(input -> input.type().isFloatingPoint() == floats
                        && input.shape().length == 1
                        && input.shape()[0] != InputSpec.FREE
                        && (floats || input.bound() > 0))
                .findFirst()
                .orElse(null);
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor sum = null;
        if (first != null && numbers != null) sum = first.apply(inputs.get(numbers));
        if (words != null && categories != null) {
            Tensor each = words.apply(inputs.get(categories)).sum(1);
            sum = sum == null ? each : sum.add(each);
        }
        if (sum == null) throw new IllegalStateException("a network of a table has an input");
        return rest.apply(sum);
    }

    @Override
    public String describe() {
        return name;
    }

    @Override
    public String script() {
        List<String> parameters = new ArrayList<>();
        List<String> terms = new ArrayList<>();
        if (numbers != null) {
            parameters.add(numbers + ": Tensor");
            terms.add("self.numbers.forward(" + numbers + ")");
        }
        if (categories != null) {
            parameters.add(categories + ": Tensor");
            terms.add("self.words.forward(" + categories + ").sum(1)");
        }
        return "def forward(self, " + String.join(", ", parameters) + "):\n    return self.rest.forward("
                + String.join(" + ", terms) + ")\n";
    }

    /**
     * Describe a network.
     *
     * @param widths of the hidden layers; none for a linear model
     */
    public static Architecture of(String name, Long... widths) {
        return Architecture.ofInputs(
                name,
                "rows of tables",
                TableNet::takes,
                (inputs, outputs) -> new TableNet(name, inputs, List.of(widths), outputs));
    }

    private static boolean takes(List<InputSpec> inputs) {
        long found = Stream.of(find(inputs, true), find(inputs, false))
                .filter(Objects::nonNull)
                .count();
        return found > 0 && inputs.size() == found;
    }

    /** Register the networks of tables. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("linear"), of("mlp", 64L, 64L));
        }

        /** {@inheritDoc} {@code mlp-128-32} has hidden layers of any widths. */
        @Override
        public Optional<Architecture> variant(String name) {
            if (!WIDTHS.matcher(name).matches()) return Optional.empty();
            return Optional.of(of(
                    name,
                    Arrays.stream(name.substring(PREFIX.length()).split("-"))
                            .map(Long::valueOf)
                            .toArray(Long[]::new)));
        }
    }
}
