package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import java.util.Map;
import java.util.function.Function;

/** Register a logit loss by name. */
public abstract class LogitLossType extends LossType {
    private final Function<LossValues, LogitLoss> maker;

    /**
     * Describe a loss.
     *
     * @param name letters, digits and single dashes
     * @param summary one line for lists
     * @param maker creates the loss from the settings
     */
    protected LogitLossType(
            String name, String summary, Function<LossValues, LogitLoss> maker, LossSetting<?>... settings) {
        super(name, summary, settings);
        this.maker = maker;
    }

    @Override
    public final boolean comparesFeatures() {
        return false;
    }

    @Override
    public final LogitLoss logits(Map<String, ?> given) {
        return maker.apply(values(given));
    }

    @Override
    public final FeatureLoss features(Map<String, ?> given) {
        throw new LimbeckException("the loss " + name() + " compares logits; leave the layers out");
    }
}
