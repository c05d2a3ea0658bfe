package dev.limbeck.zoo;

import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Lstm;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute N×outputs logits of texts, N×length ids in order: a learned row for each id, one bidirectional LSTM, the maximum over the
 * steps of the text, dropout, and a linear layer. Padding changes nothing.
 *
 * <p>Tang et al., Distilling Task-Specific Knowledge from BERT into Simple Neural Networks, 2019, arXiv 1903.12136. They classify the
 * states that each direction ends with, and have a hidden layer. The maximum is from Conneau et al., EMNLP 2017, arXiv 1705.02364: every
 * word has a short way to the loss. On banking77 it validates better than the mean (88.4 % and 86.0 %).
 */
public final class BiLstm extends Module {
    private static final double DROPOUT = 0.5;
    private static final double DEVIATION = 0.1;
    private static final long WIDTH = 64;
    private static final String PREFIX = "bilstm-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}");

    private final String name;
    private final long pad;
    private final Embedding embedding;
    private final Lstm lstm;
    private final Dropout dropout = child("dropout", new Dropout(DROPOUT));
    private final Linear classifier;

    private BiLstm(String name, InputSpec ids, long width, long outputs) {
        this.name = name;
        pad = (long) ids.pad();
        embedding = child("embedding", new Embedding(Init.normal(DEVIATION, ids.bound(), width)));
        lstm = child("lstm", new Lstm(width, width));
        classifier = child("classifier", new Linear(2 * width, outputs));
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor ids = inputs.only();
        Tensor rows = embedding.apply(ids);
        Tensor known = Tensors.to(Ops.ne(ids, pad), DType.of(rows)).unsqueeze(2);
        // Outputs lie between −1 and 1, so −2 is never the largest; a text without ids gets zeros.
        Tensor steps = lstm.apply(Lstm.inputs(rows, known)).mul(known).add(Ops.mul(Ops.add(known, -1), 2));
        Tensor largest = Ops.amax(steps, 1).mul(Ops.amax(known, 1)).squeeze(1);
        return classifier.apply(dropout.apply(largest));
    }

    @Override
    public String describe() {
        return name;
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    h = self.embedding.forward(x)
                    known = torch.unsqueeze(x.ne(%d).to(h), 2)
                    h = self.lstm.forward(h, known) * known + (known - 1.0) * 2.0
                    h = torch.amax(h, [1]) * torch.amax(known, [1])
                    return self.classifier.forward(self.dropout.forward(h))
                """, pad);
    }

    private static Architecture of(String name, long width) {
        return Architecture.ofInputs(
                name,
                "words or tokens of texts in order",
                InputSpec::areInOrder,
                (inputs, outputs) -> new BiLstm(name, inputs.get(0), width, outputs),
                "classifier");
    }

    /** Register the networks. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("bilstm", WIDTH));
        }

        /** {@inheritDoc} {@code bilstm-100} has rows of width 100, and as many cells in each direction. */
        @Override
        public Optional<Architecture> variant(String name) {
            if (!WIDTHS.matcher(name).matches()) return Optional.empty();
            return Optional.of(of(name, Long.parseLong(name.substring(PREFIX.length()))));
        }
    }
}
