package dev.limbeck.recipe;

import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import dev.limbeck.run.RunRecord.Results;
import dev.limbeck.run.RunRecord.SplitResult;
import dev.limbeck.train.BestEpoch;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Hold the final results of a trained model.
 *
 * @param lastPredictions predictions of the last epoch, which a comparison judges; the saved model may be the best epoch's
 */
record FinalEvaluation(Results results, Map<Split, Predictions> lastPredictions) {
    /**
     * Evaluate the last and the best epoch. The learner then holds the weights to save.
     *
     * @param keepsBest whether the best epoch is saved, if known
     * @param log receives a line if the best epoch was to be saved, but is not known
     */
    static FinalEvaluation of(
            Learner learner, BestEpoch best, boolean keepsBest, List<Split> splits, Consumer<String> log) {
        FinalEvaluation last = of(learner, splits);
        StateDict bestWeights = best.weights();
        if (bestWeights == null) {
            if (keepsBest) {
                log.accept(
                        "the metric had no value (NaN) in any epoch, so the last epoch is saved in place of the best; "
                                + "validate on more rows");
            }
            return last;
        }
        FinalEvaluation ofBest;
        try (StateDict lastWeights = learner.model().stateDict()) {
            learner.model().load(bestWeights);
            ofBest = of(learner, splits);
            if (!keepsBest) learner.model().load(lastWeights);
        }
        Results bestResults = ofBest.results.withEpoch(best.epoch());
        return keepsBest
                ? new FinalEvaluation(bestResults.withLast(last.results), last.lastPredictions)
                : new FinalEvaluation(last.results.withBest(bestResults), last.lastPredictions);
    }

    private static FinalEvaluation of(Learner learner, List<Split> splits) {
        Map<Split, SplitResult> results = new EnumMap<>(Split.class);
        Map<Split, Predictions> predictions = new EnumMap<>(Split.class);
        for (Split split : splits) {
            if (!learner.data().has(split)) continue;
            EvaluationResult found = learner.validate(split);
            results.put(
                    split,
                    new SplitResult(
                            found.metrics(), found.loss(), found.predictions().size()));
            predictions.put(split, found.predictions());
        }
        return new FinalEvaluation(
                new Results(results.get(Split.VALID), results.get(Split.TEST), null, null, null), predictions);
    }
}
