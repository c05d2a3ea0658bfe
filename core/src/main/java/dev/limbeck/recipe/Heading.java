package dev.limbeck.recipe;

/** Group settings under what they are about, in the order in which help and documents show them. */
public enum Heading {
    DATA("Data"),
    AUGMENTATION("Augmentation"),
    STUDENT("Student"),
    TRAINING("Training"),
    TEACHER("Teacher"),
    DISTILLATION("Distillation"),
    /** That of the section which holds the setting. */
    OF_SECTION("");

    private final String title;

    Heading(String title) {
        this.title = title;
    }

    /** Return the words that stand above the group. */
    public String title() {
        return title;
    }
}
