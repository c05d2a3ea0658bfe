package dev.limbeck.zoo;

import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compute logits as torchvision's plainer networks do: a chain of layers, a pooling, a classifier, under these names. */
abstract class PooledNet extends Module implements Prunable {
    private static final String CLASSIFIER = "classifier";

    private final String name;
    private final Sequential features;
    private final Module avgpool;
    private final Module classifier;
    private final List<ChannelGroup> groups;

    /**
     * Create a network.
     *
     * @param groups channels that can be pruned and are inside no block
     */
    PooledNet(
            String name,
            List<? extends Module> features,
            Module avgpool,
            Module classifier,
            List<ChannelGroup> groups) {
        this.name = name;
        this.features = child("features", new Sequential(features));
        this.avgpool = child("avgpool", avgpool);
        this.classifier = child(CLASSIFIER, classifier);
        this.groups = groups;
    }

    /**
     * Return the channels of a plain chain of convolutions, each with a batch norm behind it.
     *
     * @param own path of the layer that reads the last ones in the network's own classifier
     */
    static List<ChannelGroup> chain(List<? extends Module> features, Head head, String own) {
        List<ChannelGroup> groups = new ArrayList<>();
        ChannelGroup before = null;
        for (int i = 0; i < features.size(); i++) {
            if (!(features.get(i) instanceof Conv2d)) continue;
            if (before != null) groups.add(before.into("features." + i));
            before = ChannelGroup.of("features." + i, "features." + (i + 1));
        }
        if (before != null) groups.add(head.reads(before, CLASSIFIER, own));
        return groups;
    }

    @Override
    public final List<ChannelGroup> channelGroups() {
        return groups;
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
