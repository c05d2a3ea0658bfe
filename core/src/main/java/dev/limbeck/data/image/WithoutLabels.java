package dev.limbeck.data.image;

import dev.limbeck.Task;
import java.util.List;

/** Hide the labels of another source. */
final class WithoutLabels extends WrappedSource {
    WithoutLabels(ImageSource images) {
        super(images);
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public Task task() {
        return new Task.Embedding();
    }

    @Override
    public int label(int index) {
        return -1;
    }

    @Override
    public double[] values(int index) {
        return new double[0];
    }

    /** {@inheritDoc} Nobody reads them. */
    @Override
    public void checkLabels() {}
}
