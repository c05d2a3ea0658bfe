package dev.limbeck.zoo;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compute logits as torchvision's plainer networks do: a chain of layers, a pooling, a classifier, under these names. */
abstract class PooledNet extends Module {
    private final String name;
    private final Sequential features;
    private final Module avgpool;
    private final Module classifier;

    PooledNet(String name, List<? extends Module> features, Module avgpool, Module classifier) {
        this.name = name;
        this.features = child("features", new Sequential(features));
        this.avgpool = child("avgpool", avgpool);
        this.classifier = child("classifier", classifier);
    }

    @Override
    protected final Tensor forward(Tensor x) {
        return classifier.apply(avgpool.apply(features.apply(x)).flatten(1, -1));
    }

    @Override
    public final String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.avgpool.forward(self.features.forward(x))
                    return self.classifier.forward(torch.flatten(x, 1))
                """;
    }

    @Override
    public final String describe() {
        return name;
    }
}
