package dev.limbeck;

import dev.limbeck.nn.AdaptiveAvgPool2d;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.zoo.Architecture;
import org.bytedeco.pytorch.Tensor;

/** Provide a network as a user would write it: a convolution, a batch norm and a classifier for N×3×8×8 images. */
public final class TinyNet extends Module {
    /** The same network as an architecture, so that a learner initializes its weights. */
    public static final Architecture ARCHITECTURE = new Architecture("tiny", 8, TinyNet::new);

    private final Conv2d conv = child("conv", Conv2d.of(3, 4, 3, 2, 1));
    private final BatchNorm2d bn = child("bn", new BatchNorm2d(4));
    private final AdaptiveAvgPool2d pool = child("pool", new AdaptiveAvgPool2d(2, 2));
    private final Linear fc;

    public TinyNet(long classes) {
        fc = child("fc", new Linear(16, classes));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return fc.apply(pool.apply(relu_(bn.apply(conv.apply(x)))).flatten(1, -1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.pool.forward(torch.relu(self.bn.forward(self.conv.forward(x))))
                    return self.fc.forward(torch.flatten(x, 1))
                """;
    }

    @Override
    public String describe() {
        return "tiny";
    }
}
