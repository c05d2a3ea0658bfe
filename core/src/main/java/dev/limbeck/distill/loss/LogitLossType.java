package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import java.util.Map;
import java.util.function.Function;

/** Offer a loss on logits by name. */
public abstract class LogitLossType extends LossType {
    private final Function<LossValues, LogitLoss> maker;

    /**
     * Describe a loss.
     *
     * @param name letters and digits with dashes between
     * @param summary one line for a list
     * @param maker makes the loss of the settings' values
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
