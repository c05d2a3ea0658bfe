package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Normalization;
import dev.limbeck.Preprocessing;
import dev.limbeck.data.AlternateView;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Turn images into the inputs of a model, as its {@link ImagePreprocessing} says. */
public final class ImageTensors {
    private ImageTensors() {}

    /** Describe the input of a model. */
    public static List<InputSpec> specs(ImagePreprocessing how) {
        return List.of(InputSpec.floats(how.shape()));
    }

    /** Turn one image into a batch of one. */
    public static Inputs of(ImagePreprocessing how, RgbImage image) {
        byte[] rgb = how.resized(image).rgb();
        return of(how, ByteBuffer.allocateDirect(rgb.length).put(rgb).rewind(), 1);
    }

    /**
     * Turn the bytes of resized images into float32.
     *
     * @param bytes N×height×width×3, a direct buffer at its start
     */
    static Inputs of(ImagePreprocessing how, ByteBuffer bytes, int count) {
        try (Scope scope = Scope.open()) {
            Tensor view = Tensors.view(
                    bytes,
                    DType.UINT8,
                    count,
                    how.height(),
                    how.width(),
                    how.mean().size());
            // In memory the channels of a pixel stay side by side, which convolutions like.
            Normalization last = how.normalization();
            Tensor normalized = Ops.scaleChannels(view.permute(0, 3, 1, 2), last.scale(), last.shift());
            return Inputs.of(scope.promote(laidOut(how, normalized)));
        } finally {
            // The view does not keep the buffer from being collected.
            Reference.reachabilityFence(bytes);
        }
    }

    /** Show images of the same size that are normalized for one model as another wants them. */
    public static AlternateView renormalized(ImagePreprocessing given, ImagePreprocessing wanted) {
        return new RenormalizedView(given, wanted);
    }

    /** Bring N×3×height×width, red first, to the order of numbers that a model takes. */
    static Tensor laidOut(ImagePreprocessing how, Tensor images) {
        Tensor ordered = how.blueFirst() ? images.flip(1) : images;
        return how.channelsLast() ? ordered.permute(0, 2, 3, 1).contiguous() : ordered;
    }

    /**
     * Return the preparation of a model's inputs as one of images.
     *
     * @throws LimbeckException if the model has other inputs
     */
    static ImagePreprocessing preprocessing(Preprocessing wanted) {
        if (wanted instanceof ImagePreprocessing images) return images;
        throw new LimbeckException("these are images, found a model of " + wanted.kind() + " inputs");
    }
}
