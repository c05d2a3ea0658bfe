package dev.limbeck.report;

import dev.limbeck.compare.SweepResult;
import dev.limbeck.optim.Schedule;
import dev.limbeck.train.Metric;
import java.awt.Color;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;

/** Draw the results of a sweep: validation accuracy over temperature and weight. */
public final class SweepPicture {
    /** Name of the picture in a sweep's folder. */
    public static final String NAME = "sweep.png";

    private static final int WIDTH = 800;
    private static final int HEIGHT = 520;

    private SweepPicture() {}

    /**
     * Draw the heat map for the winner's student, loss and schedule, of the combinations that were trained for as many epochs as the winner.
     *
     * @return the file
     */
    public static Path write(SweepResult result, Path folder) {
        SweepResult.Trial winner = result.trials().get(0);
        List<SweepResult.Trial> shown = shown(result);
        List<String> temperatures = values(shown, SweepResult.Trial::temperature);
        List<String> weights = values(shown, SweepResult.Trial::weight);
        boolean share = Metric.areShares(result.metric());
        Number[][] cells = shown.stream()
                .map(trial -> new Number[] {
                    temperatures.indexOf(text(trial.temperature())),
                    weights.indexOf(text(trial.weight())),
                    share ? Math.round(10_000 * trial.valid()) / 100.0 : Math.round(10_000 * trial.valid()) / 10_000.0
                })
                .toArray(Number[][]::new);
        String named = result.metric().replace('_', ' ');
        HeatMapChart chart = new HeatMapChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Validation " + named + (share ? " in percent, " : ", ") + winner.student() + ", "
                        + winner.loss() + ", " + winner.schedule() + ", " + winner.epochs()
                        + (winner.epochs() == 1 ? " epoch" : " epochs"))
                .xAxisTitle("temperature")
                .yAxisTitle("weight of the teacher")
                .build();
        chart.getStyler()
                .setShowValue(true)
                .setRangeColors(new Color[] {new Color(0xf3f6fa), new Color(0x62aef7)})
                .setChartBackgroundColor(Color.WHITE);
        chart.addSeries("validation " + named, temperatures, weights, List.of(cells));
        Path file = folder.resolve(NAME);
        PngFile.write(chart, file);
        return file;
    }

    /** Return the trials that differ from the winner in temperature and weight only. */
    static List<SweepResult.Trial> shown(SweepResult result) {
        SweepResult.Trial winner = result.trials().get(0);
        return result.trials().stream()
                .filter(trial -> !trial.diverged()
                        && trial.epochs() == winner.epochs()
                        && trial.student().equals(winner.student())
                        && trial.start().equals(winner.start())
                        && trial.loss().equals(winner.loss())
                        && trial.schedule().equals(winner.schedule()))
                .toList();
    }

    /** Return the distinct values of a setting, sorted by their initial value. */
    private static List<String> values(
            List<SweepResult.Trial> trials, Function<SweepResult.Trial, @Nullable Schedule> setting) {
        return trials.stream()
                .sorted(Comparator.comparingDouble(trial -> first(setting.apply(trial))))
                .map(trial -> text(setting.apply(trial)))
                .distinct()
                .toList();
    }

    private static double first(@Nullable Schedule value) {
        return value == null ? 0 : value.first();
    }

    private static String text(@Nullable Schedule value) {
        return value == null ? "none" : value.toString();
    }
}
