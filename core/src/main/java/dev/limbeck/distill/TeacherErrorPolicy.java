package dev.limbeck.distill;

/** Say what becomes of a labeled row on which the teacher's first choice is wrong. */
public enum TeacherErrorPolicy {
    /** Teach it as the teacher sees it. */
    KEEP,
    /**
     * Exchange the logits of the teacher's first choice and of the label, so that it is right and as sure.
     *
     * <p>Wen, Lai and Qian, Preparing Lessons: Improve Knowledge Distillation with Better Supervision, 2019.
     */
    SWAP,
    /** Learn the row from its label only. */
    DROP
}
