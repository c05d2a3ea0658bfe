package com.example.limbeck;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.ArchitectureFamily;
import dev.limbeck.zoo.Head;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compute N×classes logits from N×3×H×W images with one convolution, a pooling and a linear layer. */
public final class PlainNet extends Module implements Prunable {
    private final Sequential features;
    private final Module pool;
    private final Module classifier;
    private final List<ChannelGroup> groups;

    private PlainNet(long width, Head head) {
        features = child("features", new Sequential(Conv2d.of(3, width, 3, 2, 1), new BatchNorm2d(width), new ReLU()));
        pool = child("pool", head.pool());
        classifier = child("classifier", head.classifier(width, () -> new Linear(width, head.classes())));
        groups = List.of(head.reads(ChannelGroup.of("features.0", "features.1"), "classifier", "classifier"));
    }

    /** Return which channels can be pruned: those of the convolution, which the batch norm carries on and the classifier reads. */
    @Override
    public List<ChannelGroup> channelGroups() {
        return groups;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return classifier.apply(pool.apply(features.apply(x)).flatten(1, -1));
    }

    /** Return the same network as TorchScript, so that it can be exported. */
    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.pool.forward(self.features.forward(x))
                    return self.classifier.forward(torch.flatten(x, 1))
                """;
    }

    /** Register two widths by name. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("plain-net", 8), of("plain-net-wide", 16));
        }

        private static Architecture of(String name, long width) {
            return Architecture.pooling(name, 16, head -> new PlainNet(width, head), "classifier")
                    .prunable(List.of(width), widths -> of(name, widths.get(0)));
        }
    }
}
