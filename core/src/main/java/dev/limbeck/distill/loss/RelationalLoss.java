package dev.limbeck.distill.loss;

/** Compare how the rows of a batch lie to each other in both networks, which takes features of any two shapes. */
public interface RelationalLoss extends DirectFeatureLoss {
    @Override
    default Needs needs() {
        return Needs.NOTHING;
    }

    @Override
    default boolean relational() {
        return true;
    }
}
