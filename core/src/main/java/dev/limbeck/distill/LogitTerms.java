package dev.limbeck.distill;

import dev.limbeck.Task;
import dev.limbeck.distill.DistillationBuilder.LogitTerm;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Ops;
import dev.limbeck.train.TrainStep;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Hold the losses on logits of a distillation, each with a name of its own. */
final class LogitTerms {
    private final Map<String, LogitTerm> terms;

    private LogitTerms(Map<String, LogitTerm> terms) {
        this.terms = terms;
    }

    /** Name the losses. Without losses on logits or features, the task's default is used; an embedding has none. */
    static LogitTerms of(DistillationBuilder settings, Task.Kind task) {
        boolean byTask = settings.losses.isEmpty() && settings.pairs.isEmpty() && task != Task.Kind.EMBEDDING;
        List<LogitTerm> given = byTask
                ? List.of(new LogitTerm(Losses.defaultFor(task).logits(Map.of()), Schedule.constant(1), null))
                : settings.losses;
        Map<String, LogitTerm> terms = new LinkedHashMap<>();
        for (LogitTerm term : given) {
            String name = term.loss().name();
            for (int i = 2; terms.containsKey(name); i++) name = term.loss().name() + i;
            terms.put(name, term);
        }
        return new LogitTerms(terms);
    }

    List<LogitLoss> losses() {
        return terms.values().stream().map(LogitTerm::loss).toList();
    }

    /** Return the temperatures at the start. */
    double[] temperatures() {
        return terms.values().stream()
                .mapToDouble(term -> term.at(0).temperature())
                .filter(temperature -> !Double.isNaN(temperature))
                .distinct()
                .toArray();
    }

    /**
     * Add a student's losses to a step.
     *
     * @param prediction the student's logits
     * @param progress of the fit, in [0, 1]
     * @param named maps the name of a loss to that of its term
     * @return the loss of a student that learns nothing
     */
    Tensor add(
            TrainStep step,
            SampleSelection choice,
            Tensor prediction,
            double weight,
            double progress,
            UnaryOperator<String> named) {
        int count = choice.count(step);
        Tensor weights = choice.weightsOf(step);
        Tensor student = choice.of(prediction);
        Tensor outputs = choice.of(choice.outputs());
        Tensor labels = choice.of(step.batch().labels());
        // Where too few rows were chosen, a loss has nothing to say.
        Tensor nothing = Ops.mul(prediction.sum(), 0).abs();
        terms.forEach((name, term) -> step.addTerm(
                named.apply(name),
                SelectedSamples.tooFew(count, term.loss().relational())
                        ? nothing
                        : term.at(progress).compute(student, outputs, labels, weights),
                weight * term.scale().at(progress)));
        return nothing;
    }

    /** Compute the losses of all rows of a split, by name; those that need more rows are left out. */
    Map<String, Double> values(Tensor student, Tensor teacher, Tensor labels, double progress) {
        Map<String, Double> values = new LinkedHashMap<>();
        terms.forEach((name, term) -> {
            if (SelectedSamples.tooFew((int) student.size(0), term.loss().relational())) return;
            values.put(name, term.at(progress).compute(student, teacher, labels).item_double());
        });
        return values;
    }

    /** Describe the losses for a run record. */
    Map<String, Object> describe() {
        Map<String, Object> described = new LinkedHashMap<>();
        terms.forEach((name, term) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("loss", term.loss().toString());
            if (term.temperature() != null)
                one.put("temperature", term.temperature().value());
            one.put("scale", term.scale().value());
            described.put(name, one);
        });
        return described;
    }
}
