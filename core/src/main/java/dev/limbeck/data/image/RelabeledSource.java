package dev.limbeck.data.image;

import dev.limbeck.Task;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Label the images of another source by their file names. */
final class RelabeledSource extends WrappedSource {
    private final List<String> classNames;
    private final int[] labels;
    private final ImageDefaults defaults;
    private final String origin;

    RelabeledSource(ImageSource images, Function<String, @Nullable String> label) {
        this(images, label, images.defaults(), images.origin());
    }

    RelabeledSource(
            ImageSource images, Function<String, @Nullable String> label, ImageDefaults defaults, String origin) {
        super(images);
        this.defaults = defaults;
        this.origin = origin;
        List<@Nullable String> names = new ArrayList<>();
        TreeSet<String> known = new TreeSet<>();
        for (int i = 0; i < images.size(); i++) {
            String path = images.name(i);
            String name = label.apply(path.substring(path.lastIndexOf('/') + 1));
            if (name != null) name = Normalizer.normalize(name, Normalizer.Form.NFC);
            names.add(name);
            if (name != null) known.add(name);
        }
        classNames = List.copyOf(known);
        Map<String, Integer> positions = new HashMap<>();
        for (String name : classNames) positions.put(name, positions.size());
        labels = names.stream()
                .mapToInt(name -> name == null ? -1 : positions.get(name))
                .toArray();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Task task() {
        return new Task.SingleLabel(classNames);
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public ImageDefaults defaults() {
        return defaults;
    }

    /** {@inheritDoc} The labels of the wrapped source are ignored. */
    @Override
    public void checkLabels() {}

    @Override
    public String origin() {
        return origin;
    }
}
