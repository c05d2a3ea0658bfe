package dev.limbeck.train;

import dev.limbeck.tensor.FusedUpdate;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Split the trainable parameters, each once, into those that weight decay touches and those it spares. */
final class ParameterGroups implements AutoCloseable {
    final FusedUpdate decayed;
    final FusedUpdate spared;

    ParameterGroups(Collection<Tensor> parameters, boolean decayAll, Function<List<Tensor>, FusedUpdate> update) {
        List<Tensor> trainable =
                parameters.stream().filter(Tensor::requires_grad).distinct().toList();
        decayed = update.apply(trainable.stream()
                .filter(tensor -> decayAll || !Optimizer.spared(tensor))
                .toList());
        spared = update.apply(trainable.stream()
                .filter(tensor -> !decayAll && Optimizer.spared(tensor))
                .toList());
    }

    @Override
    public void close() {
        decayed.close();
        spared.close();
    }
}
