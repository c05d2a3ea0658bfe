package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.StreamedData;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Provide images of a source that is read once, without augmentation. Keys are those of {@link ImageData} for a folder of the same files. */
public final class StreamedImages extends StreamedData<StreamedImages.ImageFile, StreamedImages.Resized> {
    /**
     * Hold a file in memory.
     *
     * @param name for messages
     */
    public record ImageFile(String name, byte[] content) {}

    /** Hold a file and its resized pixels. */
    public record Resized(ImageFile file, byte[] pixels) {}

    private final ImagePreprocessing preprocessing;
    private final SampleKeys.Rule keys;

    /** Prepare images in this way. */
    public StreamedImages(ImagePreprocessing preprocessing, Task task, int batchSize) {
        super(task, batchSize);
        this.preprocessing = preprocessing;
        keys = new SampleKeys.Rule(preprocessing);
    }

    @Override
    public Resized prepare(ImageFile file) {
        return new Resized(file, pixels(file, preprocessing));
    }

    private static byte[] pixels(ImageFile file, ImagePreprocessing how) {
        try {
            return how.resized(ImageDecoder.decode(file.content())).rgb();
        } catch (IOException e) {
            throw new LimbeckException("cannot read image " + file.name() + ": " + e.getMessage(), e);
        }
    }

    @Override
    protected SampleKey key(Resized row) {
        return keys.key(row.file.content().length, row.pixels);
    }

    @Override
    protected Inputs join(List<Resized> some) {
        return tensors(preprocessing, some.stream().map(Resized::pixels).toList());
    }

    private static Inputs tensors(ImagePreprocessing how, List<byte[]> images) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(
                images.stream().mapToInt(image -> image.length).sum());
        images.forEach(bytes::put);
        return ImageTensors.of(how, bytes.rewind(), images.size());
    }

    @Override
    public List<InputSpec> inputs() {
        return ImageTensors.specs(preprocessing);
    }

    @Override
    public ImagePreprocessing preprocessing() {
        return preprocessing;
    }

    /** {@inheritDoc} Images of another size or resize are decoded again. */
    @Override
    public AlternateView alternateView(Preprocessing wanted) {
        ImagePreprocessing other = ImageTensors.preprocessing(wanted);
        if (other.hasSizeOf(preprocessing)) {
            return new RenormalizedView(preprocessing, other);
        }
        return new AlternateView() {
            @Override
            public Inputs inputs(Batch batch) {
                return tensors(
                        other,
                        held(batch.indices()).stream()
                                .map(row -> pixels(row.file, other))
                                .toList());
            }

            @Override
            public List<InputSpec> inputs() {
                return ImageTensors.specs(other);
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }
}
