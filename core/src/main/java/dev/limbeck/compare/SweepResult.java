package dev.limbeck.compare;

import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hold the result of a sweep. Its own numbers selected the winner and are optimistic; those of {@code confirmed} are
 * not.
 *
 * @param metric name of the task's main metric
 * @param trials trials with the best first: the last round, then those dropped in earlier rounds
 * @param best the winner's recipe
 * @param confirmed comparison of the winner with the student without a teacher, on fresh seeds and the unseen test
 *     split; null if not requested
 */
public record SweepResult(
        String metric,
        List<Trial> trials,
        String winner,
        Recipe best,
        @Nullable ComparisonResult confirmed) {
    /** Return the folder of the confirmation, relative to the sweep's. */
    public String confirmFolder() {
        return Sweep.confirmFolder(winner, best);
    }

    /**
     * Hold one combination.
     *
     * @param student its architecture
     * @param start weights that it started from, in words
     * @param loss its first loss with all settings but the temperature, such as {@code decoupled:beta=2}
     * @param temperature temperature of that loss; null if it has none
     * @param epochs training epochs in its last round
     * @param valid mean validation metric of that round over the sweep's seeds; NaN if it diverged
     * @param dropped whether a round dropped it
     */
    public record Trial(
            String name,
            String student,
            String start,
            String loss,
            @Nullable Schedule temperature,
            Schedule weight,
            String schedule,
            int epochs,
            double valid,
            boolean dropped) {
        /** Return whether the loss became infinite, which ends a trial. */
        public boolean diverged() {
            return Double.isNaN(valid);
        }
    }
}
