package dev.limbeck.zoo;

import dev.limbeck.nn.Conv1d;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
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
 * Compute N×outputs logits of texts, N×length ids in order: a learned row for each id, convolutions over windows of 3, 4 and 5 ids, ReLU,
 * the maximum of each filter over all windows that hold an id, dropout, and a linear layer. Zeros stand before and after a text, so that
 * texts shorter than a window work too, and padding changes nothing.
 *
 * <p>Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, arXiv 1408.5882; rows are not pretrained, and weights
 * have no limit on their norm.
 */
public final class TextCnn extends Module {
    private static final int[] WINDOWS = {3, 4, 5};
    private static final double DROPOUT = 0.5;
    private static final double DEVIATION = 0.1;
    private static final long WIDTH = 64;
    private static final String PREFIX = "text-cnn-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}");

    private final String name;
    private final long pad;
    private final Embedding embedding;
    private final Conv1d[] convolutions = new Conv1d[WINDOWS.length];
    private final Dropout dropout = child("dropout", new Dropout(DROPOUT));
    private final Linear classifier;

    private TextCnn(String name, InputSpec ids, long width, long outputs) {
        this.name = name;
        pad = (long) ids.pad();
        embedding = child("embedding", new Embedding(Init.normal(DEVIATION, ids.bound(), width)));
        for (int i = 0; i < WINDOWS.length; i++) {
            convolutions[i] = child("conv" + WINDOWS[i], new Conv1d(width, width, WINDOWS[i], WINDOWS[i] - 1));
        }
        classifier = child("classifier", new Linear(WINDOWS.length * width, outputs));
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor ids = inputs.only();
        Tensor rows = embedding.apply(ids);
        Tensor known = Tensors.to(Ops.ne(ids, pad), DType.of(rows)).unsqueeze(1);
        Tensor x = rows.transpose(1, 2).mul(known);
        Tensor[] largest = new Tensor[WINDOWS.length];
        for (int i = 0; i < WINDOWS.length; i++) {
            // No value is below zero, so zero takes a window out. The first ones begin before the text.
            Tensor windows = Ops.padLast(known, WINDOWS[i] - 1, 0, 1);
            largest[i] =
                    Ops.amax(relu_(convolutions[i].apply(x)).mul(windows), 2).squeeze(2);
        }
        return classifier.apply(dropout.apply(Ops.cat(1, largest)));
    }

    @Override
    public String describe() {
        return name;
    }

    @Override
    public String script() {
        StringBuilder source = new StringBuilder(String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    h = self.embedding.forward(x)
                    known = torch.unsqueeze(x.ne(%d).to(h), 1)
                    h = torch.transpose(h, 1, 2) * known
                """, pad));
        for (int window : WINDOWS) {
            source.append(String.format(Locale.ROOT, """
                        h%1$d = torch.relu(self.conv%1$d.forward(h)) * torch.constant_pad_nd(known, [%2$d, 0], 1.0)
                        h%1$d = torch.amax(h%1$d, [2])
                    """, window, window - 1));
        }
        return source.append("    return self.classifier.forward(self.dropout.forward(torch.cat([h3, h4, h5], 1)))\n")
                .toString();
    }

    private static Architecture of(String name, long width) {
        return Architecture.ofInputs(
                name,
                "words or tokens of texts in order",
                InputSpec::areInOrder,
                (inputs, outputs) -> new TextCnn(name, inputs.get(0), width, outputs),
                "classifier");
    }

    /** Register the networks. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("text-cnn", WIDTH));
        }

        /** {@inheritDoc} {@code text-cnn-100} has rows of width 100, and as many filters of each window. */
        @Override
        public Optional<Architecture> variant(String name) {
            if (!WIDTHS.matcher(name).matches()) return Optional.empty();
            return Optional.of(of(name, Long.parseLong(name.substring(PREFIX.length()))));
        }
    }
}
