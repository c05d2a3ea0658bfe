package dev.limbeck.zoo;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.nn.StochasticDepth;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Apply steps to an input, with an optional shortcut: the block of mobile networks. */
final class Residual extends Module {
    private final Sequential steps;
    private final StochasticDepth depth;
    private final boolean adds;
    private final String name;

    /**
     * Create a block.
     *
     * @param name name of the child with the steps
     * @param adds whether to add the input to the output of the steps
     * @param leftOut probability of stochastic depth in training
     */
    Residual(String name, List<? extends Module> steps, boolean adds, double leftOut) {
        this.name = name;
        this.steps = child(name, new Sequential(steps));
        depth = child("stochastic_depth", new StochasticDepth(leftOut));
        this.adds = adds;
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
