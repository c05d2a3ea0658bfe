package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.util.List;
import java.util.stream.Stream;

/** Add images without labels to the training images of a labelled source. */
final class UnlabelledToo implements ImageSource {
    private static final String MORE = "unlabelled/";

    private final ImageSource labelled;
    private final ImageSource more;

    /**
     * Add them.
     *
     * @throws LimbeckException if they have labels, which shows that another folder was meant
     */
    UnlabelledToo(ImageSource labelled, ImageSource more) {
        if (!more.classNames().isEmpty()) {
            throw new LimbeckException(
                    "expected images without labels in " + more.origin() + ", found classes such as '"
                            + more.classNames().get(0) + "'; give a folder with images side by side");
        }
        this.labelled = labelled;
        this.more = more;
    }

    private boolean isMore(int index) {
        return index >= labelled.size();
    }

    @Override
    public List<String> classNames() {
        return labelled.classNames();
    }

    @Override
    public int size() {
        return labelled.size() + more.size();
    }

    @Override
    public int label(int index) {
        return isMore(index) ? -1 : labelled.label(index);
    }

    @Override
    public String name(int index) {
        return isMore(index) ? MORE + more.name(index - labelled.size()) : labelled.name(index);
    }

    @Override
    public Split split(int index) {
        return isMore(index) ? Split.TRAIN : labelled.split(index);
    }

    @Override
    public RgbImage load(int index) {
        return isMore(index) ? more.load(index - labelled.size()) : labelled.load(index);
    }

    @Override
    public long signature(int index) {
        return isMore(index) ? more.signature(index - labelled.size()) : labelled.signature(index);
    }

    @Override
    public boolean mayFail() {
        return labelled.mayFail() || more.mayFail();
    }

    @Override
    public boolean inMemory() {
        return labelled.inMemory() && more.inMemory();
    }

    @Override
    public ImageDefaults defaults() {
        return labelled.defaults();
    }

    @Override
    public List<LeftOut> leftOut() {
        return Stream.concat(
                        labelled.leftOut().stream(),
                        more.leftOut().stream().map(file -> new LeftOut(MORE + file.file(), file.reason())))
                .toList();
    }

    @Override
    public List<String> warnings() {
        return Stream.concat(
                        labelled.warnings().stream(), more.warnings().stream().map(line -> more.origin() + ": " + line))
                .toList();
    }

    @Override
    public void checkLabels() {
        labelled.checkLabels();
    }

    @Override
    public String origin() {
        return labelled.origin() + " and, unlabelled, " + more.origin();
    }
}
