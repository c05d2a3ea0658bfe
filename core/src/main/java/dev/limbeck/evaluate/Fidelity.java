package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Targets;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;

/**
 * Measure how closely a student's predictions follow its teacher's. Labels are not used. A component that does not fit the
 * task is NaN.
 *
 * @param top1 share of rows with the same top class, or of labels with the same decision, in [0, 1]
 * @param top5 share of rows whose teacher top class is among the student's five largest logits
 * @param kl mean over the rows of KL(teacher ‖ student) between the probabilities at temperature 1, in nats; the sum over
 *     several labels
 * @param rmse for regression, root of the mean squared difference in the targets' units; the mean over several targets
 */
public record Fidelity(double top1, double top5, double kl, double rmse) {
    private static final int FIVE = 5;

    /** Compare the predictions of two models on the same rows. */
    public static Fidelity of(Predictions teacher, Predictions student) {
        if (teacher.size() != student.size() || teacher.width() != student.width()) {
            throw new LimbeckException("expected predictions of the same rows and classes, found " + teacher.size()
                    + "×" + teacher.width() + " and " + student.size() + "×" + student.width());
        }
        return switch (teacher.task().kind()) {
            case SINGLE_LABEL -> ofClasses(teacher, student);
            case MULTI_LABEL -> ofLabels(teacher, student);
            case EMBEDDING -> throw EvaluationReport.noPredictions();
            case REGRESSION ->
                new Fidelity(
                        Double.NaN,
                        Double.NaN,
                        Double.NaN,
                        Metric.rmse()
                                .of(new Predictions(
                                        student.outputs(),
                                        student.width(),
                                        student.task(),
                                        Targets.values(teacher.width(), teacher.outputs()))));
        };
    }

    private static Fidelity ofLabels(Predictions teacher, Predictions student) {
        long same = 0;
        double kl = 0;
        for (int row = 0; row < teacher.size(); row++) {
            double[] p = teacher.decoded(row);
            double[] q = student.decoded(row);
            for (int c = 0; c < p.length; c++) {
                if (p[c] >= 0.5 == q[c] >= 0.5) same++;
                kl += divergence(p[c], q[c]) + divergence(1 - p[c], 1 - q[c]);
            }
        }
        int rows = teacher.size();
        return new Fidelity((double) same / rows / teacher.width(), Double.NaN, kl / rows, Double.NaN);
    }

    /** Return p·log(p/q); a probability rounded to zero would make the mean infinite. */
    private static double divergence(double p, double q) {
        return p > 0 ? p * (Math.log(p) - Math.log(Math.max(q, Double.MIN_NORMAL))) : 0;
    }

    private static Fidelity ofClasses(Predictions teacher, Predictions student) {
        int same = 0;
        int among = 0;
        double kl = 0;
        for (int row = 0; row < teacher.size(); row++) {
            int top = teacher.argmax(row);
            if (top >= 0 && top == student.argmax(row)) same++;
            if (top >= 0 && rank(student, row, top) < FIVE) among++;
            double[] p = teacher.probabilities(row);
            double[] q = student.probabilities(row);
            for (int c = 0; c < p.length; c++) kl += divergence(p[c], q[c]);
        }
        int rows = teacher.size();
        return new Fidelity((double) same / rows, (double) among / rows, kl / rows, Double.NaN);
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
