package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/** Look up a learned row for each id, N×length (int64) to N×length×width. The weight has shape ids×width. */
public final class Embedding extends Module {
    private final Tensor weight;

    /** Create a table with PyTorch's default initialization: normal with deviation 1. */
    public Embedding(long ids, long width) {
        this(Init.normal(1, ids, width));
    }

    /** Create a table from its rows, of shape ids×width. */
    public Embedding(Tensor weight) {
        this.weight = parameter("weight", weight);
    }

    /** {@inheritDoc} Ids must be at least 0 and below the number of rows. */
    @Override
    protected Tensor forward(Tensor ids) {
        return LayerOps.rows(weight, ids);
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    return torch.embedding(self.weight, x)
                """;
    }
}
