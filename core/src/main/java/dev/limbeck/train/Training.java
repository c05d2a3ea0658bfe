package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.tensor.Precision;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/**
 * Hold what a learner trains and how, for the loop and its callbacks: they need most of a learner's settings, and nothing else of
 * it.
 *
 * @param architecture its name
 * @param seed of initial weights and dropout
 * @param precision of the training computations
 * @param metrics that validation computes, the main one first
 */
record Training(
        Module model,
        String architecture,
        Data data,
        long seed,
        Device device,
        Precision precision,
        Optimizer optimizer,
        TaskLoss taskLoss,
        List<Metric> metrics,
        Exchange exchange) {
    /** Return the same training of another model, which is on the device. This one's is closed. */
    Training replaced(Module other, String name) {
        model.close();
        return new Training(other, name, data, seed, device, precision, optimizer, taskLoss, metrics, exchange);
    }

    /** Evaluate the model on a split, together with the other processes: with the statistics of the first one. */
    EvaluationResult validate(Split split) {
        exchange.broadcast(model.modules().values().stream()
                .flatMap(module -> module.ownBuffers().values().stream())
                .toList());
        return Evaluator.run(this, split);
    }

    /** Return what a saved model carries beside its weights. */
    Map<String, String> metadata() {
        return SavedModel.metadata(architecture, data);
    }
}
