package dev.limbeck.distill;

/** Select what happens to a labeled row that the teacher misclassifies. */
public enum TeacherErrorPolicy {
    /** Use the teacher's outputs. */
    KEEP,
    /**
     * Swap the teacher's largest logit and the label's logit. The row is then correct with the same confidence.
     *
     * <p>Wen, Lai and Qian, Preparing Lessons: Improve Knowledge Distillation with Better Supervision, 2019.
     */
    SWAP,
    /** Use only the label. */
    DROP
}
