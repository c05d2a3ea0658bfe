package dev.limbeck.data.image;

import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.List;

/** Wrap another source and change part of it. */
abstract class WrappedSource implements ImageSource {
    final ImageSource images;

    WrappedSource(ImageSource images) {
        this.images = images;
    }

    @Override
    public List<String> classNames() {
        return images.classNames();
    }

    @Override
    public Task task() {
        return images.task();
    }

    @Override
    public double[] values(int index) {
        return images.values(index);
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public int label(int index) {
        return images.label(index);
    }

    @Override
    public String name(int index) {
        return images.name(index);
    }

    @Override
    public Split split(int index) {
        return images.split(index);
    }

    @Override
    public RgbImage load(int index) {
        return images.load(index);
    }

    @Override
    public long signature(int index) {
        return images.signature(index);
    }

    @Override
    public boolean mayFail() {
        return images.mayFail();
    }

    @Override
    public boolean inMemory() {
        return images.inMemory();
    }

    @Override
    public ImageDefaults defaults() {
        return images.defaults();
    }

    @Override
    public List<SkippedFile> leftOut() {
        return images.leftOut();
    }

    @Override
    public List<String> warnings() {
        return images.warnings();
    }

    @Override
    public String origin() {
        return images.origin();
    }

    @Override
    public void checkLabels() {
        images.checkLabels();
    }
}
