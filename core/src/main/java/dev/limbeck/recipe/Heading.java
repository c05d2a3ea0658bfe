package dev.limbeck.recipe;

/** Group settings by topic, in the order of help and documentation. */
public enum Heading {
    DATA("Data"),
    AUGMENTATION("Augmentation"),
    STUDENT("Student"),
    TRAINING("Training"),
    TEACHER("Teacher"),
    DISTILLATION("Distillation"),
    /** The heading of the enclosing section. */
    OF_SECTION("");

    private final String title;

    Heading(String title) {
        this.title = title;
    }

    /** Return the title of the group. */
    public String title() {
        return title;
    }
}
