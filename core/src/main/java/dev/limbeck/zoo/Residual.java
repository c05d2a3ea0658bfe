package dev.limbeck.zoo;

import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.Sequential;
import dev.limbeck.nn.SqueezeExcitation;
import dev.limbeck.nn.StochasticDepth;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Apply steps to an input, with an optional shortcut: the block of mobile networks. The steps are an expansion, a depthwise convolution, squeeze
 * and excitation, and a projection; the first and third may be missing.
 */
final class Residual extends Module implements Prunable {
    private final Sequential steps;
    private final StochasticDepth depth;
    private final boolean adds;
    private final boolean expands;
    private final String name;

    /**
     * Create a block.
     *
     * @param name name of the child with the steps
     * @param adds whether to add the input to the output of the steps
     * @param expands whether the first step is an expansion
     * @param leftOut probability of stochastic depth in training
     */
    Residual(String name, List<? extends Module> steps, boolean adds, boolean expands, double leftOut) {
        this.name = name;
        this.steps = child(name, new Sequential(steps));
        depth = child("stochastic_depth", new StochasticDepth(leftOut));
        this.adds = adds;
        this.expands = expands;
    }

    @Override
    public List<ChannelGroup> channelGroups() {
        // Without an expansion, the depthwise convolution has the channels of the residual stream.
        if (!expands) return List.of();
        String in = name + ".";
        ChannelGroup group = ChannelGroup.of(in + "0.0", in + "0.1", in + "1.0", in + "1.1");
        boolean squeezes = steps.children().get("2") instanceof SqueezeExcitation;
        if (squeezes) group = group.through(1, in + "2.fc2").into(in + "2.fc1");
        String last = squeezes ? "3" : "2";
        boolean isConvolution = steps.children().get(last) instanceof Conv2d;
        return List.of(group.into(in + last + (isConvolution ? "" : ".0")));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return adds ? x.add(depth.apply(steps.apply(x))) : steps.apply(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return " + (adds ? "x + " : "") + "self." + name + ".forward(x)\n";
    }
}
