package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.LayerNorm;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute N×outputs logits of texts, N×length tokens, with BERT's encoder and the names of Hugging Face's BertForSequenceClassification.
 * Padding changes nothing. The classifier reads the first token through a tanh layer, or the mean of all tokens as sentence-transformers do.
 * There is one segment. Embeddings, attention weights and the outputs of layers have BERT's dropout of 0.1 in training. RoBERTa's encoder
 * differs in where positions start ({@link Style}).
 *
 * <p>Devlin et al., BERT, NAACL 2019; Liu et al., RoBERTa, arXiv 1907.11692; Wang et al., MiniLM, NeurIPS 2020; Reimers and Gurevych, Sentence-BERT, EMNLP 2019.
 */
public final class Bert extends Module {
    static final double DROPOUT = 0.1;
    static final double STD = 0.02;
    private static final long POSITIONS = 512;
    /** The sizes of Google's models. */
    private static final Map<String, Size> NAMED = new LinkedHashMap<>();

    static {
        NAMED.put("bert-tiny", Size.of(2, 128, 2));
        NAMED.put("bert-mini", Size.of(4, 256, 4));
        NAMED.put("bert-small", Size.of(4, 512, 8));
        NAMED.put("bert-medium", Size.of(8, 512, 8));
        NAMED.put("bert-base", Size.of(12, 768, 12));
    }

    private final Size size;
    private final long pad;
    private final Body bert;
    private final Dropout dropout = child("dropout", new Dropout(DROPOUT));
    private final Linear classifier;

    /** What a classifier reads of the last layer: the first token through a layer, or the mean of all tokens. */
    public enum Pooling {
        /** The first token through a linear layer and tanh, as in BERT. */
        TANH,
        /** The first token through a linear layer and ReLU, as in DistilBERT. */
        RELU,
        /** The mean of all tokens, as in sentence-transformers. */
        MEAN
    }

    /** Whose encoder it is. */
    public enum Style {
        /** BERT: positions start at 0, two segments, 1e-12 in layer norms. */
        BERT("bert", 1e-12, 2),
        /** RoBERTa and XLM-R: positions start behind the padding's id, one segment, 1e-5 in layer norms. */
        ROBERTA("roberta", 1e-5, 1);

        private final String prefix;
        private final double eps;
        private final long segments;

        Style(String prefix, double eps, long segments) {
            this.prefix = prefix;
            this.eps = eps;
            this.segments = segments;
        }

        /** Return what layer norms add to the variance. */
        public double eps() {
            return eps;
        }

        /** Return the number of segments that it has rows for; texts are in the first. */
        public long segments() {
            return segments;
        }

        /** Return the position of a text's first token. */
        public long firstPosition(long pad) {
            return this == ROBERTA ? pad + 1 : 0;
        }
    }

    /**
     * Hold the sizes of an encoder.
     *
     * @param style whose encoder it is
     * @param inner width of the layer between two linear ones
     * @param positions maximum number of tokens
     * @param pooling what the classifier reads
     */
    public record Size(Style style, int layers, long width, long heads, long inner, long positions, Pooling pooling) {
        private static final Pattern NAME = Pattern.compile(
                "(bert|roberta)-L(\\d{1,3})-H(\\d{1,5})-A(\\d{1,3})(?:-I(\\d{1,5}))?(?:-P(\\d{1,5}))?(?:-(relu|mean))?");

        public Size {
            if (layers < 1 || width < 1 || heads < 1 || inner < 1 || positions < 1 || width % heads != 0) {
                throw new LimbeckException(
                        "an encoder needs at least one of each, and a width that its heads divide, found "
                                + layers + " layers, width " + width + ", " + heads + " heads, inner width " + inner
                                + ", "
                                + positions + " positions");
            }
        }

        /** Hold the sizes of BERT. */
        public Size(int layers, long width, long heads, long inner, long positions, Pooling pooling) {
            this(Style.BERT, layers, width, heads, inner, positions, pooling);
        }

        /** Return the size of Google's models: an inner width of four times the width, 512 positions, and a pooler. */
        public static Size of(int layers, long width, long heads) {
            return new Size(layers, width, heads, 4 * width, POSITIONS, Pooling.TANH);
        }

        /** Return the architecture's name, which {@link Zoo#byName} knows: {@code bert-L6-H384-A12-mean}. */
        public String name() {
            return style.prefix + "-L" + layers + "-H" + width + "-A" + heads + (inner == 4 * width ? "" : "-I" + inner)
                    + (positions == POSITIONS ? "" : "-P" + positions)
                    + (pooling == Pooling.TANH ? "" : "-" + pooling.name().toLowerCase(Locale.ROOT));
        }

        /** Return the size that a name such as {@code bert-L6-H384-A12} or {@code bert-tiny} stands for. */
        public static Optional<Size> of(String name) {
            if (NAMED.containsKey(name)) return Optional.of(NAMED.get(name));
            Matcher parts = NAME.matcher(name);
            if (!parts.matches()) return Optional.empty();
            long width = Long.parseLong(parts.group(3));
            return Optional.of(new Size(
                    Style.valueOf(parts.group(1).toUpperCase(Locale.ROOT)),
                    Integer.parseInt(parts.group(2)),
                    width,
                    Long.parseLong(parts.group(4)),
                    parts.group(5) == null ? 4 * width : Long.parseLong(parts.group(5)),
                    parts.group(6) == null ? POSITIONS : Long.parseLong(parts.group(6)),
                    parts.group(7) == null
                            ? Pooling.TANH
                            : Pooling.valueOf(parts.group(7).toUpperCase(Locale.ROOT))));
        }

        /** Return whether two names stand for one architecture: {@code bert-base} is {@code bert-L12-H768-A12}. */
        public static boolean areSame(String one, String other) {
            Optional<Size> size = of(one);
            return one.equals(other) || size.isPresent() && size.equals(of(other));
        }

        /** Return the same size with another number of layers. */
        public Size withLayers(int other) {
            return new Size(style, other, width, heads, inner, positions, pooling);
        }

        /** Return whether two sizes are equal, whatever their classifiers read. */
        public boolean hasSameEncoder(Size other) {
            return equals(new Size(
                    other.style, other.layers, other.width, other.heads, other.inner, other.positions, pooling));
        }

        /** Return the architecture. */
        public Architecture architecture() {
            return named(name());
        }

        private Architecture named(String name) {
            List<String> groups = new ArrayList<>();
            if (layers > 1) groups.add("bert.encoder.layer." + layers / 2);
            groups.add("classifier");
            return Architecture.ofInputs(
                    name,
                    "tokens of texts in order",
                    inputs -> InputSpec.areIds(inputs, InputSpec.TOKENS),
                    (inputs, outputs) -> new Bert(this, inputs.get(0), outputs),
                    groups.toArray(String[]::new));
        }
    }

    private Bert(Size size, InputSpec tokens, long outputs) {
        this.size = size;
        pad = (long) tokens.pad();
        bert = child("bert", new Body(size, tokens.bound(), pad));
        classifier = child("classifier", Layers.linear(size.width, outputs, STD));
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor ids = inputs.only();
        if (ids.size(1) > size.positions) {
            throw new LimbeckException(describe() + " takes at most " + size.positions + " tokens, found " + ids.size(1)
                    + "; shorten texts (max_tokens, --max-tokens)");
        }
        Tensor hidden = bert.apply(ids);
        return classifier.apply(dropout.apply(pooled(hidden, ids)));
    }

    private Tensor pooled(Tensor hidden, Tensor ids) {
        if (bert.pooler != null) {
            Tensor first = bert.pooler.apply(hidden.select(1, 0));
            return size.pooling == Pooling.TANH ? first.tanh() : first.relu();
        }
        Tensor seen = Tensors.toFloat32(Ops.ne(ids, pad)).unsqueeze(2);
        return hidden.mul(seen).sum(1).div(seen.sum(1));
    }

    @Override
    public String describe() {
        return size.name();
    }

    @Override
    public String script() {
        boolean mean = size.pooling == Pooling.MEAN;
        String seen = mean ? "\n    seen = x.ne(%d).to(h).unsqueeze(2)".formatted(pad) : "";
        String pooled = mean
                ? "(h * seen).sum(1) / seen.sum(1)"
                : "torch.%s(self.bert.pooler.forward(torch.select(h, 1, 0)))"
                        .formatted(size.pooling.name().toLowerCase(Locale.ROOT));
        return """
                def forward(self, x: Tensor):
                    h = self.bert.forward(x)%s
                    return self.classifier.forward(self.dropout.forward(%s))
                """.formatted(seen, pooled);
    }

    /** Compute N×length×width from N×length tokens. */
    private static final class Body extends Module {
        private final long pad;
        private final Embeddings embeddings;
        private final BertEncoder encoder;
        private final @Nullable Pooler pooler;

        Body(Size size, long words, long pad) {
            this.pad = pad;
            embeddings = child("embeddings", new Embeddings(size, words, pad));
            encoder = child("encoder", new BertEncoder(size));
            pooler = size.pooling == Pooling.MEAN ? null : child("pooler", new Pooler(size.width));
        }

        @Override
        protected Tensor forward(Tensor ids) {
            Tensor seen = Ops.ne(ids, pad).unsqueeze(1).unsqueeze(1);
            return encoder.apply(BertEncoder.inputs(embeddings.apply(ids), seen));
        }

        /** {@inheritDoc} A number that no product reaches stands for minus infinity. */
        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        h = self.embeddings.forward(x)
                        seen = (x.ne(%d).to(h).unsqueeze(1).unsqueeze(1) - 1.0) * 1e9
                        return self.encoder.forward(h, seen)
                    """.formatted(pad);
        }
    }

    private static final class Pooler extends Module {
        private final Linear dense;

        Pooler(long width) {
            dense = child("dense", Layers.linear(width, width, STD));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return dense.apply(x);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return self.dense.forward(x)
                    """;
        }
    }

    private static final class Embeddings extends Module {
        private final Embedding words;
        private final Embedding positions;
        private final Embedding segments;
        private final LayerNorm norm;
        private final long start;
        private final Dropout dropout = child("dropout", new Dropout(DROPOUT));

        Embeddings(Size size, long count, long pad) {
            start = size.style.firstPosition(pad);
            words = child("word_embeddings", new Embedding(Init.normal(STD, count, size.width)));
            positions =
                    child("position_embeddings", new Embedding(Init.normal(STD, start + size.positions, size.width)));
            segments = child("token_type_embeddings", new Embedding(Init.normal(STD, size.style.segments, size.width)));
            norm = child("LayerNorm", new LayerNorm(size.width, size.style.eps));
        }

        @Override
        protected Tensor forward(Tensor ids) {
            Tensor first = weight(positions).narrow(0, start, ids.size(1));
            Tensor sum = words.apply(ids).add(first).add(weight(segments).select(0, 0));
            return dropout.apply(norm.apply(sum));
        }

        private static Tensor weight(Embedding table) {
            return table.ownParameters().values().iterator().next();
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        h = self.word_embeddings.forward(x)
                        h = h + self.position_embeddings.weight%s[0:h.size(1)] + self.token_type_embeddings.weight[0]
                        return self.dropout.forward(self.LayerNorm.forward(h))
                    """.formatted(start == 0 ? "" : "[" + start + ":]");
        }
    }

    /** Register the encoders. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return NAMED.entrySet().stream()
                    .map(entry -> entry.getValue().named(entry.getKey()))
                    .toList();
        }

        /** {@inheritDoc} {@code bert-L6-H384-A12-mean} and {@code roberta-L12-H768-A12} name any size. */
        @Override
        public Optional<Architecture> variant(String name) {
            return Size.of(name).map(size -> size.named(name));
        }
    }
}
