package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Prepare the images of a batch in another size and normalization. */
final class ImageAlternateView implements AlternateView {
    /** Write a view of an image in another size. */
    @FunctionalInterface
    interface Writer {
        void write(byte[] pixels, int image, int view, ByteBuffer target);
    }

    private final ImagePreprocessing preparation;
    private final PixelStore store;
    private final Function<Split, int[]> images;
    private final Writer writer;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    /**
     * Create a view.
     *
     * @param images images of each split, by position
     */
    ImageAlternateView(ImagePreprocessing preparation, PixelStore store, Function<Split, int[]> images, Writer writer) {
        this.preparation = preparation;
        this.store = store;
        this.images = images;
        this.writer = writer;
    }

    @Override
    public Inputs inputs(Batch batch) {
        Provenance origin = batch.origin();
        if (origin == null) {
            // Whoever made it may have made it for this model.
            if (Arrays.equals(batch.input().shape(), inputs().get(0).shape(batch.size()))) return batch.inputs();
            throw new LimbeckException("the batch does not identify its images, but images of "
                    + preparation.height() + "×" + preparation.width()
                    + " are needed; choose a model for the data's own size");
        }
        int bytes = Math.multiplyExact(batch.size(), 3 * preparation.height() * preparation.width());
        if (buffer.capacity() < bytes) buffer = ByteBuffer.allocateDirect(bytes);
        buffer.clear();
        int[] all = images.apply(origin.split());
        for (int index : batch.indices()) {
            int image = all[index];
            writer.write(store.pixels(image), image, origin.view(), buffer);
        }
        ImagePreprocessing plain = preparation.withLayout(false, false);
        Tensor images = ImageTensors.of(plain, buffer.rewind(), batch.size()).only();
        for (UnaryOperator<Tensor> change : origin.changes()) images = change.apply(images);
        return Inputs.of(ImageTensors.laidOut(preparation, images));
    }

    @Override
    public List<InputSpec> inputs() {
        return ImageTensors.specs(preparation);
    }

    @Override
    public void close() {
        store.clear();
    }
}
