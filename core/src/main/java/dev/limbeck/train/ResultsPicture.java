package dev.limbeck.train;

import dev.limbeck.Task;
import dev.limbeck.data.Caption;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Draw rows of a split with their labels and predictions. Errors are highlighted. */
public final class ResultsPicture {
    private ResultsPicture() {}

    /** Draw rows spread evenly over the split. */
    public static void write(Data data, Split split, Predictions predictions, int rows, Path file) {
        List<Caption> captions = Arrays.stream(Data.spaced(predictions.size(), rows))
                .mapToObj(row -> caption(data, predictions, row))
                .toList();
        data.draw(split, captions, file);
    }

    /** Draw the labeled rows with the largest loss, worst first. */
    public static void writeWorst(Data data, Split split, Predictions predictions, int rows, Path file) {
        List<Caption> captions = predictions.worst(rows).stream()
                .map(row -> caption(data, predictions, row))
                .toList();
        data.draw(split, captions, file);
    }

    private static Caption caption(Data data, Predictions predictions, int row) {
        if (!predictions.targets().areLabels()) return ofColumns(data.task(), predictions, row);
        int label = predictions.labels()[row];
        int top = predictions.argmax(row);
        if (top < 0) return new Caption(row, "not a number", true);
        String seen = String.format(
                Locale.ROOT,
                "%.0f %% %s",
                100 * predictions.probabilities(row)[top],
                data.classNames().get(top));
        boolean wrong = label >= 0 && label != top;
        return new Caption(row, wrong ? seen + "\nis " + data.classNames().get(label) : seen, wrong);
    }

    private static Caption ofColumns(Task task, Predictions predictions, int row) {
        String seen = predictions.words(row, task);
        String is = predictions.targets().words(row, task);
        boolean wrong =
                task.kind() == Task.Kind.MULTI_LABEL && predictions.targets().isKnown(row) && !seen.equals(is);
        return new Caption(row, seen.equals(is) ? seen : seen + "\nis " + is, wrong);
    }
}
