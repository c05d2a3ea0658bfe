package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Add unlabeled images to the training split of a labeled source. */
final class WithUnlabeled implements ImageSource {
    private static final String MORE = "unlabeled/";

    private final ImageSource labeled;
    private final ImageSource more;

    /**
     * Combine both sources.
     *
     * @throws LimbeckException if the added images have labels, which suggests the wrong folder
     */
    WithUnlabeled(ImageSource labeled, ImageSource more) {
        if (!more.classNames().isEmpty()) {
            throw new LimbeckException(
                    "expected images without labels in " + more.origin() + ", found classes such as '"
                            + more.classNames().get(0) + "'; give a folder with images side by side");
        }
        this.labeled = labeled;
        this.more = more;
    }

    private boolean isMore(int index) {
        return index >= labeled.size();
    }

    @Override
    public List<String> classNames() {
        return labeled.classNames();
    }

    @Override
    public Task task() {
        return labeled.task();
    }

    @Override
    public double[] values(int index) {
        if (!isMore(index)) return labeled.values(index);
        double[] unknown = new double[classNames().size()];
        Arrays.fill(unknown, Double.NaN);
        return unknown;
    }

    @Override
    public int size() {
        return labeled.size() + more.size();
    }

    @Override
    public int label(int index) {
        return isMore(index) ? -1 : labeled.label(index);
    }

    @Override
    public String name(int index) {
        return isMore(index) ? MORE + more.name(index - labeled.size()) : labeled.name(index);
    }

    @Override
    public Split split(int index) {
        return isMore(index) ? Split.TRAIN : labeled.split(index);
    }

    @Override
    public RgbImage load(int index) {
        return isMore(index) ? more.load(index - labeled.size()) : labeled.load(index);
    }

    @Override
    public long signature(int index) {
        return isMore(index) ? more.signature(index - labeled.size()) : labeled.signature(index);
    }

    @Override
    public boolean mayFail() {
        return labeled.mayFail() || more.mayFail();
    }

    @Override
    public boolean inMemory() {
        return labeled.inMemory() && more.inMemory();
    }

    @Override
    public ImageDefaults defaults() {
        return labeled.defaults();
    }

    @Override
    public List<SkippedFile> leftOut() {
        return Stream.concat(
                        labeled.leftOut().stream(),
                        more.leftOut().stream().map(file -> new SkippedFile(MORE + file.file(), file.reason())))
                .toList();
    }

    @Override
    public List<String> warnings() {
        return Stream.concat(
                        labeled.warnings().stream(), more.warnings().stream().map(line -> more.origin() + ": " + line))
                .toList();
    }

    @Override
    public void checkLabels() {
        labeled.checkLabels();
    }

    @Override
    public String origin() {
        return labeled.origin() + " and, unlabeled, " + more.origin();
    }
}
