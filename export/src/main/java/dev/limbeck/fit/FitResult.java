package dev.limbeck.fit;

import dev.limbeck.compare.SweepResult;
import java.util.List;

/**
 * Hold the result of a fit.
 *
 * @param budget in words
 * @param machine where the costs were measured
 * @param candidates all networks, those with the best validation metric first and those above the budget last
 * @param sweep trainings of the networks within the budget, with the winner's confirmation
 */
public record FitResult(String budget, String machine, List<Candidate> candidates, SweepResult sweep) {
    /**
     * Hold one network.
     *
     * @param epochs training epochs in its last round; 0 if it is above the budget
     * @param valid validation metric after that round; NaN if it is above the budget, or diverged
     */
    public record Candidate(Cost cost, int epochs, double valid) {
        /** Return whether the network was trained. */
        public boolean isTrained() {
            return epochs > 0;
        }
    }

    /** Return the cost of the winner. */
    public Cost winner() {
        return candidates.get(0).cost();
    }
}
