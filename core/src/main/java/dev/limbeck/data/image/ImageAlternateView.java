package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Mixing;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Prepare the images of a batch in another size, resize and normalization. */
final class ImageAlternateView implements AlternateView {
    /** Write a view of an image in another size. */
    @FunctionalInterface
    interface Writer {
        void write(byte[] pixels, int image, int view, ByteBuffer target);
    }

    private final ImagePreprocessing given;
    private final ImagePreprocessing preprocessing;
    private final PixelStore store;
    private final Function<Split, int[]> images;
    private final Writer writer;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    /**
     * Create a view.
     *
     * @param given how the data's own batches are prepared
     * @param images images of each split, by position
     */
    ImageAlternateView(
            ImagePreprocessing given,
            ImagePreprocessing preprocessing,
            PixelStore store,
            Function<Split, int[]> images,
            Writer writer) {
        this.given = given;
        this.preprocessing = preprocessing;
        this.store = store;
        this.images = images;
        this.writer = writer;
    }

    @Override
    public Inputs inputs(Batch batch) {
        Provenance origin = batch.origin();
        if (origin == null) {
            // Without its images, a batch of the data's own can be normalized anew, but not resized anew.
            if (Arrays.equals(batch.input().shape(), plain(preprocessing).shape(batch.size()))
                    && given.height() == preprocessing.height()
                    && given.width() == preprocessing.width()) {
                return new RenormalizedView(given, preprocessing).inputs(batch);
            }
            // Whoever made it may have made it for this model.
            if (Arrays.equals(batch.input().shape(), inputs().get(0).shape(batch.size()))) return batch.inputs();
            throw new LimbeckException("the batch does not identify its images, but images of "
                    + preprocessing.height() + "×" + preprocessing.width()
                    + " are needed; choose a model for the data's own size");
        }
        Tensor own = images(origin, batch.indices());
        Mixing mixing = origin.mixing();
        Tensor shown = mixing == null ? own : mixing.mix(own, images(origin, mixing.partners()));
        return Inputs.of(ImageTensors.laidOut(preprocessing, shown));
    }

    private static InputSpec plain(ImagePreprocessing how) {
        return ImageTensors.specs(how.withLayout(false, false)).get(0);
    }

    private Tensor images(Provenance origin, int... indices) {
        int bytes = Math.multiplyExact(indices.length, 3 * preprocessing.height() * preprocessing.width());
        if (buffer.capacity() < bytes) buffer = ByteBuffer.allocateDirect(bytes);
        buffer.clear();
        int[] all = images.apply(origin.split());
        for (int index : indices) {
            int image = all[index];
            writer.write(store.pixels(image), image, origin.view(), buffer);
        }
        ImagePreprocessing plain = preprocessing.withLayout(false, false);
        return ImageTensors.of(plain, buffer.rewind(), indices.length).only();
    }

    @Override
    public List<InputSpec> inputs() {
        return ImageTensors.specs(preprocessing);
    }

    @Override
    public void close() {
        store.clear();
    }
}
