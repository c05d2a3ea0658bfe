package dev.limbeck.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Measure the gradients of the loss terms every n optimizer steps, in the process that writes the record. */
final class GradientStats {
    private static final String STATE = "gradient_stats";
    private static final String FIT = "gradient_stats_fit";
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Hold the measurement of one term at one step.
     *
     * @param fit number of the fit among those of the distillation, from 1
     * @param step optimizer steps before it in that fit
     * @param weighted value times weight in the total loss
     * @param gradientNorm L2 norm, over the student's trained parameters, of the weighted term's gradient
     * @param cosine cosine of that gradient with the weighted task gradient; NaN if one of them is 0
     */
    record Row(int fit, int step, String term, double value, double weighted, double gradientNorm, double cosine) {}

    private final int interval;
    private final List<Row> rows = new ArrayList<>();
    private int fits;
    private int measured = -1;

    GradientStats(int interval) {
        this.interval = interval;
    }

    /** Begin a fit, whose steps count from 0 again. */
    void begin(TrainingContext fit) {
        if (fit.isDryRun()) return;
        fits++;
        measured = -1;
    }

    void measure(TrainStep step) {
        TrainingContext fit = step.fit();
        int now = fit.optimizerSteps();
        // Gradients may be accumulated over several batches of a step.
        if (interval == 0 || now % interval != 0 || now == measured) return;
        if (fit.isDryRun() || !fit.exchange().writes()) return;
        measured = now;
        try (Scope scope = Scope.open()) {
            List<Tensor> parameters = step.fit().model().parameters().values().stream()
                    .filter(Tensor::requires_grad)
                    .toList();
            List<@Nullable Tensor> task = gradient(step, TrainStep.TASK, parameters);
            double taskNorm = Math.sqrt(product(task, task));
            for (Map.Entry<String, Tensor> term : step.terms().entrySet()) {
                List<@Nullable Tensor> own =
                        term.getKey().equals(TrainStep.TASK) ? task : gradient(step, term.getKey(), parameters);
                double norm = Math.sqrt(product(own, own));
                double value = term.getValue().item_double();
                rows.add(new Row(
                        fits,
                        now,
                        term.getKey(),
                        value,
                        value * step.weight(term.getKey()),
                        norm,
                        product(own, task) / (norm * taskNorm)));
            }
        }
    }

    private static List<@Nullable Tensor> gradient(TrainStep step, String term, List<Tensor> parameters) {
        Tensor weighted = Ops.mul(step.term(term), step.weight(term));
        if (!weighted.requires_grad())
            return parameters.stream().map(p -> (@Nullable Tensor) null).toList();
        return Ops.gradients(weighted, parameters);
    }

    private static double product(List<@Nullable Tensor> a, List<@Nullable Tensor> b) {
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            Tensor left = a.get(i);
            Tensor right = b.get(i);
            if (left != null && right != null) sum += left.mul(right).sum().item_double();
        }
        return sum;
    }

    void addTo(StateDict state) {
        if (rows.isEmpty()) return;
        state.metadata().put(FIT, String.valueOf(fits));
        try {
            state.metadata().put(STATE, JSON.writeValueAsString(rows));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("numbers and texts are always JSON", e);
        }
    }

    void restore(StateDict state) {
        String text = state.metadata().remove(STATE);
        String fit = state.metadata().remove(FIT);
        if (text == null || fit == null) return;
        rows.clear();
        try {
            rows.addAll(JSON.readValue(text, new TypeReference<List<Row>>() {}));
            fits = Integer.parseInt(fit);
        } catch (JsonProcessingException | NumberFormatException e) {
            throw new LimbeckException(
                    "the checkpoint has no readable gradient_stats: " + Engine.firstLine(e)
                            + "; start without --resume",
                    e);
        }
        if (rows.isEmpty()) return;
        Row last = rows.get(rows.size() - 1);
        measured = last.fit == fits ? last.step : -1;
    }

    List<Map<String, Object>> describe() {
        List<Map<String, Object>> described = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("fit", row.fit);
            one.put("step", row.step);
            one.put("term", row.term);
            one.put("value", row.value);
            one.put("weighted", row.weighted);
            one.put("gradient_norm", row.gradientNorm);
            one.put("cosine_with_task", Double.isNaN(row.cosine) ? null : row.cosine);
            described.add(one);
        }
        return described;
    }
}
