package dev.limbeck.report;

import dev.limbeck.Task;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.Data;
import dev.limbeck.data.Example;
import dev.limbeck.data.Split;
import dev.limbeck.evaluate.PredictionDiff;
import dev.limbeck.train.Predictions;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Select informative images and convert them to parts of the page. */
final class Pictures {
    private static final int MOST_CARDS = 8;
    private static final int MOST_TILES = 18;
    private static final int MOST_MISSES = 8;
    private static final int MOST_POINTS = 300;
    private static final int MOST_TARGETS = 4;
    private static final MathContext DIGITS = new MathContext(4);

    private final Data data;
    private final Split split;

    Pictures(Data data, Split split) {
        this.data = data;
        this.split = split;
    }

    /**
     * Create a card for the tutorial's example and one for an image of each class. Of the images that the teacher
     * classifies correctly, it is the one at the lower quartile of confidence, where the other probabilities are
     * informative.
     */
    List<Page.Card> cards(Predictions teacher, List<String> names, List<Predictions> students) {
        List<Page.Card> cards = new ArrayList<>();
        cards.add(new Page.Card(
                "An example: a picture of a dog",
                null,
                List.of("cow", "dog", "cat", "car"),
                1,
                List.of(1.2f, 5.1f, 2.9f, 0.3f),
                List.of()));
        for (int label = 0; label < teacher.width() && cards.size() <= MOST_CARDS; label++) {
            int row = lessSure(teacher, label);
            if (row < 0) continue;
            List<Page.Student> said = new ArrayList<>();
            for (int i = 0; i < students.size(); i++) {
                said.add(new Page.Student(names.get(i), list(students.get(i).row(row))));
            }
            cards.add(new Page.Card(
                    data.classNames().get(label),
                    address(row),
                    data.classNames(),
                    label,
                    list(teacher.row(row)),
                    said));
        }
        return cards;
    }

    private static int lessSure(Predictions teacher, int label) {
        List<Integer> right = new ArrayList<>();
        for (int row = 0; row < teacher.size(); row++) {
            if (teacher.labels()[row] == label && teacher.argmax(row) == label) right.add(row);
        }
        right.sort(Comparator.comparingDouble(row -> teacher.probabilities(row)[label]));
        return right.isEmpty() ? -1 : right.get(right.size() / 4);
    }

    /** Show the images that each variant predicts correctly and the first variant does not, and vice versa. */
    List<Page.PredictionChange> changes(List<ComparisonResult.Variant> variants, List<Predictions> students) {
        Predictions first = students.get(0);
        List<Page.PredictionChange> changes = new ArrayList<>();
        for (int i = 1; i < students.size(); i++) {
            Predictions other = students.get(i);
            PredictionDiff change = variants.get(i).change();
            if (change == null) continue;
            changes.add(new Page.PredictionChange(
                    variants.get(i).name(),
                    change.won().size(),
                    change.lost().size(),
                    tiles(change.won(), first, other),
                    tiles(change.lost(), first, other),
                    change.recall()));
        }
        return changes;
    }

    private List<Page.Tile> tiles(List<Integer> rows, Predictions first, Predictions other) {
        List<Page.Tile> tiles = new ArrayList<>();
        int count = Math.min(MOST_TILES, rows.size());
        for (int i = 0; i < count; i++) {
            // Sample evenly over the split, which is often sorted by class.
            int row = rows.get(i * rows.size() / count);
            tiles.add(new Page.Tile(
                    address(row),
                    first.targets().words(row, data.task()),
                    first.words(row, data.task()),
                    other.words(row, data.task())));
        }
        return tiles;
    }

    /** Show the rows that each variant predicts worst. */
    List<Page.Misses> misses(List<String> names, List<Predictions> students) {
        List<Page.Misses> misses = new ArrayList<>();
        for (int i = 0; i < students.size(); i++) {
            Predictions student = students.get(i);
            misses.add(new Page.Misses(
                    names.get(i),
                    student.worst(MOST_MISSES).stream()
                            .map(row -> new Page.Miss(
                                    address(row), student.targets().words(row, data.task()), words(student, row)))
                            .toList()));
        }
        return misses;
    }

    private String words(Predictions student, int row) {
        String words = student.words(row, data.task());
        int top = student.task().kind() == Task.Kind.SINGLE_LABEL ? student.argmax(row) : -1;
        return top < 0
                ? words
                : String.format(Locale.ROOT, "%s, %.0f %%", words, 100 * student.probabilities(row)[top]);
    }

    /** Plot predicted over true numbers; empty for classes and labels. */
    List<Page.Scatter> scatters(List<String> names, List<Predictions> models) {
        if (!(data.task() instanceof Task.Regression task)) return List.of();
        List<Page.Scatter> scatters = new ArrayList<>();
        for (int target = 0; target < Math.min(MOST_TARGETS, task.names().size()); target++) {
            List<Page.Points> all = new ArrayList<>();
            for (int i = 0; i < models.size(); i++)
                all.add(new Page.Points(names.get(i), points(task, models.get(i), target)));
            scatters.add(new Page.Scatter(task.names().get(target), all));
        }
        return scatters;
    }

    private static List<List<Double>> points(Task.Regression task, Predictions model, int target) {
        return Arrays.stream(Data.spaced(model.size(), MOST_POINTS))
                .filter(row -> Float.isFinite(model.output(row, target))
                        && !Float.isNaN(model.targets().value(row, target)))
                .mapToObj(row -> List.of(
                        rounded(task.value(target, model.targets().value(row, target))),
                        rounded(task.value(target, model.output(row, target)))))
                .toList();
    }

    private static double rounded(double value) {
        return new BigDecimal(value).round(DIGITS).doubleValue();
    }

    private static List<Float> list(float[] values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) list.add(value);
        return list;
    }

    private String address(int row) {
        return data.example(split, row).map(Example::address).orElse("");
    }
}
