package dev.limbeck.data.image;

import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Turn images normalized for one model into images normalized for another: one multiplication and one addition a channel, exact
 * up to rounding, then the order of numbers that it takes.
 */
final class RenormalizedView implements AlternateView {
    private final ImagePreprocessing wanted;
    private final float[] scale = new float[3];
    private final float[] shift = new float[3];
    private final boolean differs;

    RenormalizedView(ImagePreprocessing given, ImagePreprocessing wanted) {
        this.wanted = wanted;
        differs = !given.mean().equals(wanted.mean()) || !given.std().equals(wanted.std());
        for (int c = 0; c < 3; c++) {
            scale[c] = (float) (given.std().get(c) / wanted.std().get(c));
            shift[c] = (float)
                    ((given.mean().get(c) - wanted.mean().get(c)) / wanted.std().get(c));
        }
    }

    @Override
    public Inputs inputs(Batch batch) {
        Tensor images = differs ? Ops.scaleChannels(batch.input(), scale, shift) : batch.input();
        return Inputs.of(ImageTensors.laidOut(wanted, images));
    }

    @Override
    public List<InputSpec> inputs() {
        return ImageTensors.specs(wanted);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
