package dev.limbeck.distill.teacher;

/** Role of a model. Error messages use its name and its options. */
public enum ModelRole {
    /** A teacher. Its options begin with {@code --teacher-}. */
    TEACHER("teacher", "--teacher-", "--teacher-"),
    /** A model to evaluate or predict with, as in {@code evaluate} and {@code predict}. */
    MODEL("model", "--model-", "--");

    private final String noun;
    private final String foreign;
    private final String shared;

    ModelRole(String noun, String foreign, String shared) {
        this.noun = noun;
        this.foreign = foreign;
        this.shared = shared;
    }

    String noun() {
        return noun;
    }

    /** Return the option that sets the kind of output, for a key of {@code TeacherOutput}. */
    public String output(String key) {
        return foreign + "output " + key;
    }

    String layout(boolean channelsLast) {
        return foreign + "layout " + (channelsLast ? "nhwc" : "nchw");
    }

    String imageSize(long side) {
        return shared + "image-size " + side;
    }
}
