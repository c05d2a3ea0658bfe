package dev.limbeck.distill.teacher;

import dev.limbeck.data.Modality;

/** Say what a model is used as, so that messages name it and the options about it as its user knows them. */
public enum ModelRole {
    /** A teacher. Its options begin with {@code --teacher-}. */
    TEACHER("teacher", "--teacher-"),
    /** A teacher that is set by the keys of a recipe's section, as in labeling with Spark. */
    LABELER("teacher", "--teacher-setting "),
    /** A model to evaluate or predict with, as in {@code evaluate} and {@code predict}. */
    MODEL("model", "--"),
    /** A file to export. No option is about its outputs; it stores what they are. */
    EXPORTED("model", "--");

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
        return foreign("output " + key);
    }

    /** Return the option that sets how its inputs are prepared. */
    String option(Modality.Remedy remedy) {
        String words = remedy.setting() + " " + remedy.value();
        return remedy.ofAnyFile() && this != LABELER ? shared + words : foreign(words);
    }

    private String foreign(String option) {
        String pair = option.replaceFirst(" ", "=");
        return switch (this) {
            case TEACHER, MODEL -> "--" + noun + "-" + option;
            case LABELER -> shared + pair.replace('-', '_');
            case EXPORTED -> pair + " in its _extra_files";
        };
    }
}
