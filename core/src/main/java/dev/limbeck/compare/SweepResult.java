package dev.limbeck.compare;

import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a sweep found. Its own numbers chose the winner, so they flatter it; those of {@code confirmed} do not.
 *
 * @param trials the best first: those of the last round, then what earlier rounds dropped
 * @param best the winner's recipe, ready to be used
 * @param confirmed the winner against the student alone, on fresh seeds and on the test split, which no trial has seen;
 *     null if that was not asked for
 */
public record SweepResult(
        List<Trial> trials,
        String winner,
        Recipe best,
        @Nullable ComparisonResult confirmed) {
    /**
     * Hold one combination.
     *
     * @param temperature of its first loss; null if it has none
     * @param epochs how long it was trained in its last round
     * @param valid mean validation accuracy of that round over the sweep's seeds; NaN if its loss became infinite
     * @param dropped whether others went on without it
     */
    public record Trial(
            String name,
            String loss,
            @Nullable Schedule temperature,
            Schedule weight,
            String schedule,
            int epochs,
            double valid,
            boolean dropped) {
        /** Return whether its loss became infinite, which ends a trial. */
        public boolean diverged() {
            return Double.isNaN(valid);
        }
    }
}
