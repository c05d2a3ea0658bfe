package dev.limbeck.zoo;

import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute N×outputs logits of texts, N×length ids: the mean of a learned row for each id other than 0, dropout, and a linear layer.
 * After fastText (Joulin et al. 2017, arXiv 1607.01759).
 */
public final class TextBag extends Module {
    private static final double DROPOUT = 0.2;
    private static final double DEVIATION = 0.1;
    private static final long WIDTH = 48;
    private static final String PREFIX = "bag-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}");

    private final String name;
    private final Embedding rows;
    private final Dropout dropout = child("dropout", new Dropout(DROPOUT));
    private final Linear classifier;

    private TextBag(String name, List<InputSpec> inputs, long width, long outputs) {
        this.name = name;
        rows = child("rows", new Embedding(Init.normal(DEVIATION, inputs.get(0).bound(), width)));
        classifier = child("classifier", new Linear(width, outputs));
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor ids = inputs.only();
        Tensor known = Tensors.toFloat32(Ops.ne(ids, 0)).unsqueeze(2);
        Tensor sum = rows.apply(ids).mul(known).sum(1);
        return classifier.apply(dropout.apply(sum.div(Ops.clampMin(known.sum(1), 1))));
    }

    @Override
    public String describe() {
        return name;
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    h = self.rows.forward(x)
                    known = x.ne(0).to(h).unsqueeze(2)
                    mean = (h * known).sum(1) / known.sum(1).clamp_min(1.0)
                    return self.classifier.forward(self.dropout.forward(mean))
                """;
    }

    private static Architecture of(String name, long width) {
        return Architecture.ofInputs(
                name,
                "hashed words of texts",
                inputs -> InputSpec.areIds(inputs, InputSpec.IDS),
                (inputs, outputs) -> new TextBag(name, inputs, width, outputs),
                "classifier");
    }

    /** Register the bags. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("bag", WIDTH));
        }

        /** {@inheritDoc} {@code bag-16} has rows of any width. */
        @Override
        public Optional<Architecture> variant(String name) {
            if (!WIDTHS.matcher(name).matches()) return Optional.empty();
            return Optional.of(of(name, Long.parseLong(name.substring(PREFIX.length()))));
        }
    }
}
