package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import java.util.Map;
import java.util.function.Function;

/** Register a feature loss by name. */
public abstract class FeatureLossType extends LossType {
    private final Function<LossValues, FeatureLoss> maker;

    /** Describe a loss; see {@link LogitLossType}. */
    protected FeatureLossType(
            String name, String summary, Function<LossValues, FeatureLoss> maker, LossSetting<?>... settings) {
        super(name, summary, settings);
        this.maker = maker;
    }

    @Override
    public final boolean comparesFeatures() {
        return true;
    }

    @Override
    public final FeatureLoss features(Map<String, ?> given) {
        return maker.apply(values(given));
    }

    @Override
    public final LogitLoss logits(Map<String, ?> given) {
        throw new LimbeckException("the loss " + name() + " compares features; name the layers, such as " + name()
                + ":layer3, or " + name() + ":auto");
    }
}
