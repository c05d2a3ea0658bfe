package dev.limbeck.model;

import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import org.bytedeco.pytorch.Tensor;

/** Find how wide the embeddings of a network are. */
final class EmbeddingWidth {
    private EmbeddingWidth() {}

    /** Return how many numbers the embeddings of a network have: it computes one. */
    static int of(Module network, Architecture architecture) {
        try (Scope scope = Scope.open();
                Module.ModeGuard modes = network.evalMode();
                NoGrad noGrad = NoGrad.on()) {
            int side = architecture.imageSize();
            Tensor image = Tensors.zeros(DType.FLOAT32, 1, 3, side, side);
            Tensor weights = network.parameters().values().iterator().next();
            return Math.toIntExact(
                    network.apply(Tensors.to(image, weights.device())).size(1));
        }
    }
}
