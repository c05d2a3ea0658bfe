package dev.limbeck.zoo;

import dev.limbeck.nn.AdaptiveAvgPool2d;
import dev.limbeck.nn.AdaptiveConcatPool2d;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import java.util.function.Supplier;

/**
 * Make what turns the last feature maps of a network into logits.
 *
 * @param classes number of logits
 * @param concat whether it is fastai's head in place of the one that the network's authors gave it
 * @param bridge width of the vector that another network's classifier is to take, 0 for none
 */
record Head(long classes, boolean concat, long bridge) {
    private static final long HIDDEN = 512;
    private static final double BIAS_OF_NORMS = 1e-3;

    /** Return what pools feature maps to N×C×1×1: the mean, for fastai's head the maximum and the mean (N×2C×1×1). */
    Module pool() {
        return concat ? new AdaptiveConcatPool2d() : new AdaptiveAvgPool2d(1, 1);
    }

    /**
     * Return the classifier over pooled features of N×C: the network's own, or fastai's (batch norm, dropout 0.25, linear to
     * 512, ReLU, batch norm, dropout 0.5, linear; no biases beside batch norms; Kaiming).
     */
    Module classifier(long features, Supplier<Module> own) {
        if (bridge > 0) {
            return new Sequential(
                    new Linear(features, bridge),
                    new ReLU(),
                    new Linear(bridge, bridge),
                    new ReLU(),
                    new Linear(bridge, classes));
        }
        if (!concat) return own.get();
        return new Sequential(
                norm(2 * features),
                new Dropout(0.25),
                new Linear(Init.kaimingNormalFanIn(HIDDEN, 2 * features), null),
                new ReLU(),
                norm(HIDDEN),
                new Dropout(0.5),
                new Linear(Init.kaimingNormalFanIn(classes, HIDDEN), null));
    }

    private static Module norm(long features) {
        BatchNorm2d norm = new BatchNorm2d(features);
        try (NoGrad noGrad = NoGrad.on()) {
            Ops.fill_(norm.ownParameters().get("bias"), BIAS_OF_NORMS);
        }
        return norm;
    }
}
