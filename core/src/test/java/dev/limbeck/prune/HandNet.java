package dev.limbeck.prune;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.zoo.Architecture;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Provide a network as a user would write it, whose channels can be pruned: two convolutions, then a linear layer of the flattened map. */
final class HandNet extends Module implements Prunable {
    static final Architecture ARCHITECTURE = of(List.of(4L, 2L));

    private final Conv2d first;
    private final BatchNorm2d norm;
    private final Conv2d second;
    private final Linear last;

    HandNet(List<Long> widths, long classes) {
        first = child("first", Conv2d.of(3, widths.get(0), 3, 1, 1));
        norm = child("norm", new BatchNorm2d(widths.get(0)));
        second = child("second", Conv2d.of(widths.get(0), widths.get(1), 3, 1, 1));
        last = child("last", new Linear(64 * widths.get(1), classes));
    }

    private static Architecture of(List<Long> widths) {
        return new Architecture("hand", 8, classes -> new HandNet(widths, classes)).prunable(widths, HandNet::of);
    }

    @Override
    public List<ChannelGroup> channelGroups() {
        return List.of(
                ChannelGroup.of("first", "norm").into("second"),
                ChannelGroup.of("second").into("last"));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = relu_(norm.apply(first.apply(x)));
        return last.apply(relu_(second.apply(h)).flatten(1, -1));
    }

    @Override
    public String describe() {
        return "hand";
    }
}
