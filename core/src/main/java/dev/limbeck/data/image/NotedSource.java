package dev.limbeck.data.image;

import dev.limbeck.data.Split;
import java.util.List;
import java.util.stream.Stream;

/** Say more about the images of another source, such as what was left out when they were unpacked. */
final class NotedSource implements ImageSource {
    private final ImageSource images;
    private final List<String> notes;

    NotedSource(ImageSource images, List<String> notes) {
        this.images = images;
        this.notes = List.copyOf(notes);
    }

    @Override
    public List<String> classNames() {
        return images.classNames();
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
    public List<LeftOut> leftOut() {
        return images.leftOut();
    }

    @Override
    public List<String> warnings() {
        return Stream.concat(notes.stream(), images.warnings().stream()).toList();
    }

    @Override
    public void checkLabels() {
        images.checkLabels();
    }

    @Override
    public String origin() {
        return images.origin();
    }
}
