package dev.limbeck.zoo;

import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.GELU;
import dev.limbeck.nn.LayerNorm;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.LayerOps;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Compute N×length×width from the same shape with layers of attention, which do not see padding. */
final class BertEncoder extends Module {
    private static final String X = "x";
    private static final String SEEN = "seen";
    private static final String BEFORE = "before";

    private final Layer[] layers;

    BertEncoder(Bert.Size size) {
        layers = new Layer[size.layers()];
        Holder holder = child("layer", new Holder());
        for (int i = 0; i < layers.length; i++) layers[i] = holder.hold(String.valueOf(i), new Layer(size));
    }

    @Override
    protected Tensor forward(Inputs inputs) {
        Tensor x = inputs.get(X);
        for (Layer layer : layers) x = layer.apply(with(x, SEEN, inputs.get(SEEN)));
        return x;
    }

    @Override
    public String script() {
        StringBuilder source = new StringBuilder("def forward(self, x: Tensor, seen: Tensor):\n");
        for (int i = 0; i < layers.length; i++) {
            source.append("    x = getattr(self.layer, \"").append(i).append("\").forward(x, seen)\n");
        }
        return source.append("    return x\n").toString();
    }

    /**
     * Name the inputs.
     *
     * @param seen bool, N×1×1×length; false for padding
     */
    static Inputs inputs(Tensor x, Tensor seen) {
        return with(x, SEEN, seen);
    }

    private static Inputs with(Tensor x, String name, Tensor other) {
        Map<String, Tensor> both = new LinkedHashMap<>();
        both.put(X, x);
        both.put(name, other);
        return Inputs.of(both);
    }

    /** Hold children under their names. */
    private static final class Holder extends Module {
        <M extends Module> M hold(String name, M module) {
            return child(name, module);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return x
                    """;
        }
    }

    private static final class Layer extends Module {
        private final Attention attention;
        private final Intermediate intermediate;
        private final Output output;

        Layer(Bert.Size size) {
            attention = child("attention", new Attention(size));
            intermediate = child("intermediate", new Intermediate(size));
            output = child("output", new Output(size, size.inner()));
        }

        @Override
        protected Tensor forward(Inputs inputs) {
            Tensor x = attention.apply(inputs);
            return output.added(intermediate.apply(x), x);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor, seen: Tensor):
                        h = self.attention.forward(x, seen)
                        return self.output.forward(self.intermediate.forward(h), h)
                    """;
        }
    }

    private static final class Attention extends Module {
        private final SelfAttention self;
        private final Output output;

        Attention(Bert.Size size) {
            self = child("self", new SelfAttention(size));
            output = child("output", new Output(size, size.width()));
        }

        @Override
        protected Tensor forward(Inputs inputs) {
            return output.added(self.apply(inputs), inputs.get(X));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor, seen: Tensor):
                        return self.output.forward(getattr(self, "self").forward(x, seen), x)
                    """;
        }
    }

    private static final class SelfAttention extends Module {
        private final Linear query;
        private final Linear key;
        private final Linear value;
        private final long heads;

        SelfAttention(Bert.Size size) {
            heads = size.heads();
            query = child("query", Layers.linear(size.width(), size.width(), Bert.STD));
            key = child("key", Layers.linear(size.width(), size.width(), Bert.STD));
            value = child("value", Layers.linear(size.width(), size.width(), Bert.STD));
        }

        private double root() {
            return Math.sqrt((double) query.ownParameters().get("weight").size(0) / heads);
        }

        private Tensor split(Tensor x) {
            return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
        }

        @Override
        protected Tensor forward(Inputs inputs) {
            Tensor x = inputs.get(X);
            Tensor mixed = LayerOps.attention(
                    split(query.apply(x)),
                    split(key.apply(x)),
                    split(value.apply(x)),
                    inputs.get(SEEN),
                    isTraining() ? Bert.DROPOUT : 0);
            return mixed.transpose(1, 2).flatten(2, -1);
        }

        @Override
        public String script() {
            StringBuilder source = new StringBuilder("def forward(self, x: Tensor, seen: Tensor):\n");
            for (String name : List.of("query", "key", "value")) {
                source.append("    %1$s = torch.reshape(self.%1$s.forward(x), [x.size(0), x.size(1), %2$d, %3$d])\n"
                        .formatted(
                                name, heads, query.ownParameters().get("weight").size(0) / heads));
                source.append("    %1$s = torch.transpose(%1$s, 1, 2)\n".formatted(name));
            }
            // Written out: the engine's own function also takes masks of truth values, which exporters cannot tell from
            // numbers.
            return source.append("    h = torch.matmul(query, torch.transpose(key, 2, 3)) / %s\n".formatted(root()))
                    .append("    h = torch.matmul(torch.softmax(h + seen, -1), value)\n")
                    .append("    return torch.flatten(torch.transpose(h, 1, 2), 2)\n")
                    .toString();
        }
    }

    private static final class Intermediate extends Module {
        private final Linear dense;
        private final GELU act = child("act", new GELU());

        Intermediate(Bert.Size size) {
            dense = child("dense", Layers.linear(size.width(), size.inner(), Bert.STD));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return act.apply(dense.apply(x));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return self.act.forward(self.dense.forward(x))
                    """;
        }
    }

    /** Apply a linear layer, add what the layers before it got, and normalize. */
    private static final class Output extends Module {
        private final Linear dense;
        private final LayerNorm norm;
        private final Dropout dropout = child("dropout", new Dropout(Bert.DROPOUT));

        Output(Bert.Size size, long in) {
            dense = child("dense", Layers.linear(in, size.width(), Bert.STD));
            norm = child("LayerNorm", new LayerNorm(size.width(), size.style().eps()));
        }

        Tensor added(Tensor x, Tensor before) {
            return apply(with(x, BEFORE, before));
        }

        @Override
        protected Tensor forward(Inputs inputs) {
            return norm.apply(dropout.apply(dense.apply(inputs.get(X))).add(inputs.get(BEFORE)));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor, before: Tensor):
                        return self.LayerNorm.forward(self.dropout.forward(self.dense.forward(x)) + before)
                    """;
        }
    }
}
