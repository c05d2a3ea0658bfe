package dev.limbeck.data.image;

import java.util.List;
import java.util.stream.Stream;

/** Add notes to another source, such as entries skipped while unpacking. */
final class NotedSource extends WrappedSource {
    private final List<String> notes;

    NotedSource(ImageSource images, List<String> notes) {
        super(images);
        this.notes = List.copyOf(notes);
    }

    @Override
    public List<String> warnings() {
        return Stream.concat(notes.stream(), images.warnings().stream()).toList();
    }
}
