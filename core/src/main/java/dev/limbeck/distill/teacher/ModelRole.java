package dev.limbeck.distill.teacher;

/** Say what a model is used as, so that messages name it and the options about it as its user knows them. */
public enum ModelRole {
    /** It teaches; its options begin with {@code --teacher-}. */
    TEACHER("teacher", "--teacher-"),
    /** It answers for itself, as in {@code evaluate} and {@code predict}. */
    MODEL("model", "--");

    private final String noun;
    private final String shared;

    ModelRole(String noun, String shared) {
        this.noun = noun;
        this.shared = shared;
    }

    String noun() {
        return noun;
    }

    /** Return the option that says what its output is, by the key of a {@code TeacherOutput}. */
    public String output(String key) {
        return foreign("output ") + key;
    }

    String layout(boolean channelsLast) {
        return foreign("layout ") + (channelsLast ? "nhwc" : "nchw");
    }

    private String foreign(String option) {
        return "--" + noun + "-" + option;
    }

    String imageSize(long side) {
        return shared + "image-size " + side;
    }
}
