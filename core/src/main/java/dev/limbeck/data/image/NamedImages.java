package dev.limbeck.data.image;

/** Hold the name and description of a built-in data set. */
abstract class NamedImages implements ImageSourceProvider {
    private final String name;
    private final String summary;

    NamedImages(String name, String summary) {
        this.name = name;
        this.summary = summary;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String summary() {
        return summary;
    }
}
