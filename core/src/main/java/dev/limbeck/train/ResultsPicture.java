package dev.limbeck.train;

import dev.limbeck.data.Caption;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Draw rows of a split with their labels and predictions. Errors are highlighted. */
public final class ResultsPicture {
    private ResultsPicture() {}

    /** Draw rows spread evenly over the split. */
    public static void write(Data data, Split split, Predictions predictions, int rows, Path file) {
        int count = Math.min(rows, predictions.size());
        List<Caption> captions = IntStream.range(0, count)
                .map(i -> (int) ((long) i * predictions.size() / count))
                .mapToObj(row -> caption(data, predictions, row))
                .toList();
        data.draw(split, captions, file);
    }

    /** Draw the labeled rows with the lowest predicted probability of their label, worst first. */
    public static void writeWorst(Data data, Split split, Predictions predictions, int rows, Path file) {
        List<Caption> captions = IntStream.range(0, predictions.size())
                .filter(row -> predictions.labels()[row] >= 0)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer row) ->
                        predictions.probabilities(row)[predictions.labels()[row]]))
                .limit(rows)
                .map(row -> caption(data, predictions, row))
                .toList();
        data.draw(split, captions, file);
    }

    private static Caption caption(Data data, Predictions predictions, int row) {
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
}
