package dev.limbeck.report;

import dev.limbeck.train.LrCurve;
import java.awt.Color;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draw the loss over the learning rate, with the suggestion marked. */
public final class LrPicture {
    private static final int WIDTH = 800;
    private static final int HEIGHT = 520;

    private LrPicture() {}

    /** Write a PNG file; an existing one is replaced. */
    public static void write(LrCurve curve, Path file) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Loss over the learning rate")
                .xAxisTitle("learning rate")
                .yAxisTitle("smoothed training loss")
                .build();
        chart.getStyler()
                .setXAxisLogarithmic(true)
                .setChartBackgroundColor(Color.WHITE)
                .setLegendPosition(Styler.LegendPosition.InsideSW);
        chart.addSeries("loss", curve.rates(), curve.losses()).setMarker(SeriesMarkers.NONE);
        double at = curve.losses().get(curve.rates().indexOf(curve.suggestion()));
        chart.addSeries(
                String.format(Locale.ROOT, "suggestion %.1e", curve.suggestion()),
                List.of(curve.suggestion()),
                List.of(at));
        PngFile.write(chart, file);
    }
}
