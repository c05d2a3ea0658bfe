package dev.limbeck.zoo;

import dev.limbeck.nn.AdaptiveAvgPool2d;
import dev.limbeck.nn.AdaptiveConcatPool2d;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
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
 * Create the head of a network, from the last feature maps to logits.
 *
 * @param classes number of logits
 * @param kind kind of head
 */
public record Head(long classes, HeadKind kind) {
    private static final long HIDDEN = 512;
    private static final double BIAS_OF_NORMS = 1e-3;

    /** Return the pooling to N×C×1×1: the mean, or for fastai's head maximum and mean (N×2C×1×1). */
    public Module pool() {
        return pool(() -> new AdaptiveAvgPool2d(1, 1));
    }

    /** Return the pooling, with the network's own for its original head. */
    Module pool(Supplier<Module> own) {
        return switch (kind.form()) {
            case OWN -> own.get();
            case CONCAT -> new AdaptiveConcatPool2d();
            case BRIDGE, EMBEDDING -> new AdaptiveAvgPool2d(1, 1);
        };
    }

    /**
     * Return the classifier for pooled features of N×C: the network's own, fastai's (batch norm, dropout 0.25, linear
     * to 512, ReLU, batch norm, dropout 0.5, linear; no biases next to batch norms; Kaiming initialization), a bridge
     * to another network's, or nothing for an embedding.
     */
    public Module classifier(long features, Supplier<Module> own) {
        return switch (kind.form()) {
            case OWN -> own.get();
            case EMBEDDING -> new Sequential();
            case CONCAT ->
                new Sequential(
                        norm(2 * features),
                        new Dropout(0.25),
                        new Linear(Init.kaimingNormalFanIn(HIDDEN, 2 * features), null),
                        new ReLU(),
                        norm(HIDDEN),
                        new Dropout(0.5),
                        new Linear(Init.kaimingNormalFanIn(classes, HIDDEN), null));
            case BRIDGE ->
                new Sequential(
                        new Linear(features, kind.width()),
                        new ReLU(),
                        new Linear(kind.width(), kind.width()),
                        new ReLU(),
                        new Linear(kind.width(), classes));
        };
    }

    /**
     * Let the classifier read a group of channels, the last feature maps of a network.
     *
     * @param classifier path of the classifier
     * @param own path of the layer that reads them in the network's own classifier
     */
    public ChannelGroup reads(ChannelGroup last, String classifier, String own) {
        return switch (kind.form()) {
            case OWN -> last.into(own);
            case CONCAT -> last.through(2, classifier + ".0").into(2, classifier + ".2");
            case BRIDGE -> last.into(classifier + ".0");
            case EMBEDDING -> last;
        };
    }

    private static Module norm(long features) {
        BatchNorm2d norm = new BatchNorm2d(features);
        try (NoGrad noGrad = NoGrad.on()) {
            Ops.fill_(norm.ownParameters().get("bias"), BIAS_OF_NORMS);
        }
        return norm;
    }
}
