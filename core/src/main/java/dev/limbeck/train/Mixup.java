package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import dev.limbeck.data.MixedData;

/**
 * Mix each training row with another row of the training split, and mix the task loss accordingly: λ·loss(own target) + (1 − λ)·loss(other
 * target), with λ ~ Beta(α, α) for each row. Teachers get the same mixed rows. Draws depend on the data's seed, the view and the row, see
 * {@link MixedData}.
 */
public final class Mixup implements Callback {
    private final boolean cut;
    private final double alpha;
    private final int views;

    private Mixup(boolean cut, double alpha, int views) {
        this.cut = cut;
        this.alpha = Settings.positive("alpha", alpha);
        this.views = Settings.atLeast(0, "views", views);
    }

    /** Blend whole rows: λ·x + (1 − λ)·other (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018). */
    public static Mixup blend(double alpha) {
        return new Mixup(false, alpha, 0);
    }

    /** Paste a box of the other image with an area share of 1 − λ (Yun et al., "CutMix", ICCV 2019). */
    public static Mixup cut(double alpha) {
        return new Mixup(true, alpha, 0);
    }

    /**
     * Show only a number of mixed views of each row, used in turn by the epochs, so that a teacher's outputs can be cached. It is for data
     * without augmentation; augmented data has its own number.
     *
     * @param count number of views; 0, the default, for a new one in each epoch
     */
    public Mixup views(int count) {
        return new Mixup(cut, alpha, count);
    }

    /** {@inheritDoc} Its training rows are mixed. */
    @Override
    public Data decorate(Data data) {
        return new MixedData(data, cut, alpha, views);
    }
}
