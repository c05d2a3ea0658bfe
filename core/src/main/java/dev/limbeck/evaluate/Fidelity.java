package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.Predictions;

/**
 * Measure how closely a student's predictions follow its teacher's. Labels are not used.
 *
 * @param top1 share of rows with the same top class, in [0, 1]
 * @param top5 share of rows whose teacher top class is among the student's five largest logits
 * @param kl mean over the rows of KL(teacher ‖ student) between the probabilities at temperature 1, in nats
 */
public record Fidelity(double top1, double top5, double kl) {
    private static final int FIVE = 5;

    /** Compare the predictions of two models on the same rows. */
    public static Fidelity of(Predictions teacher, Predictions student) {
        if (teacher.size() != student.size() || teacher.width() != student.width()) {
            throw new LimbeckException("expected predictions of the same rows and classes, found " + teacher.size()
                    + "×" + teacher.width() + " and " + student.size() + "×" + student.width());
        }
        int same = 0;
        int among = 0;
        double kl = 0;
        for (int row = 0; row < teacher.size(); row++) {
            int top = teacher.argmax(row);
            if (top >= 0 && top == student.argmax(row)) same++;
            if (top >= 0 && rank(student, row, top) < FIVE) among++;
            double[] p = teacher.probabilities(row);
            double[] q = student.probabilities(row);
            for (int c = 0; c < p.length; c++) {
                // A probability rounded to zero would make the mean infinite.
                if (p[c] > 0) kl += p[c] * (Math.log(p[c]) - Math.log(Math.max(q[c], Double.MIN_NORMAL)));
            }
        }
        int rows = teacher.size();
        return new Fidelity((double) same / rows, (double) among / rows, kl / rows);
    }

    /** Return the number of classes with a larger logit. On a tie the lower index counts as larger. */
    private static int rank(Predictions predictions, int row, int of) {
        float[] logits = predictions.row(row);
        int above = 0;
        for (int c = 0; c < logits.length; c++) {
            if (logits[c] > logits[of] || (logits[c] == logits[of] && c < of)) above++;
        }
        return above;
    }
}
