package dev.limbeck.report;

import dev.limbeck.LimbeckException;
import dev.limbeck.compare.SweepResult;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;

/** Draw what a sweep found: validation accuracy over temperature and weight. */
public final class SweepPicture {
    /** The name of the picture in a sweep's folder. */
    public static final String NAME = "sweep.png";

    private static final int WIDTH = 800;
    private static final int HEIGHT = 520;

    private SweepPicture() {}

    /**
     * Draw the heat map of the winner's loss and schedule; a combination that was dropped has the accuracy it had then.
     *
     * @return the file
     */
    public static Path write(SweepResult result, Path folder) {
        SweepResult.Trial winner = result.trials().get(0);
        List<SweepResult.Trial> shown = result.trials().stream()
                .filter(trial ->
                        trial.loss().equals(winner.loss()) && trial.schedule().equals(winner.schedule()))
                .toList();
        List<String> temperatures = shown.stream()
                .map(SweepPicture::temperature)
                .distinct()
                .sorted((a, b) -> Double.compare(number(a), number(b)))
                .toList();
        List<Double> weights = shown.stream()
                .map(SweepResult.Trial::weight)
                .distinct()
                .sorted()
                .toList();
        Number[][] cells = shown.stream()
                .map(trial -> new Number[] {
                    temperatures.indexOf(temperature(trial)),
                    weights.indexOf(trial.weight()),
                    Math.round(10_000 * trial.valid()) / 100.0
                })
                .toArray(Number[][]::new);
        HeatMapChart chart = new HeatMapChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Validation accuracy in per cent, " + winner.loss() + ", " + winner.schedule())
                .xAxisTitle("temperature")
                .yAxisTitle("weight of the teacher")
                .build();
        chart.getStyler()
                .setShowValue(true)
                .setRangeColors(new Color[] {new Color(0xf3f6fa), new Color(0x62aef7)})
                .setChartBackgroundColor(Color.WHITE);
        chart.addSeries("validation accuracy", temperatures, weights, List.of(cells));
        Path file = folder.resolve(NAME);
        try {
            BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
        } catch (IOException e) {
            throw new LimbeckException("cannot write the picture " + file + ": " + e.getMessage(), e);
        }
        return file;
    }

    private static String temperature(SweepResult.Trial trial) {
        return trial.temperature() == null ? "none" : Objects.toString(trial.temperature());
    }

    private static double number(String temperature) {
        return temperature.equals("none") ? 0 : Double.parseDouble(temperature);
    }
}
