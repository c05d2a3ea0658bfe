package dev.limbeck.report;

import dev.limbeck.train.Metric;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draw a metric over a cost: a point for each network, and a line along those that none beats in both (the Pareto front). */
public final class ParetoPicture {
    /** Name of the picture in a fit's folder. */
    public static final String NAME = "fit.png";

    private static final int WIDTH = 900;
    private static final int HEIGHT = 560;
    /** Opacity of what is pale, of 255. */
    private static final int PALE = 80;
    /** Largest ratio of costs on a linear axis. */
    private static final double LINEAR = 100;

    private ParetoPicture() {}

    /**
     * Hold one network.
     *
     * @param whole whether it was trained for all epochs; others would have become better, and are pale and not on the front
     */
    public record Point(String name, double cost, double value, boolean whole) {}

    /**
     * Return the points of whole trainings that no other of these beats in both cost and value, by cost.
     *
     * @param higherIsBetter whether larger values are better
     */
    public static List<Point> front(List<Point> points, boolean higherIsBetter) {
        Comparator<Point> byValue = Comparator.comparingDouble(Point::value);
        Comparator<Point> better = higherIsBetter ? byValue.reversed() : byValue;
        List<Point> sorted =
                new ArrayList<>(points.stream().filter(Point::whole).toList());
        sorted.sort(Comparator.comparingDouble(Point::cost).thenComparing(better));
        List<Point> front = new ArrayList<>();
        for (Point point : sorted) {
            if (front.isEmpty() || better.compare(point, front.get(front.size() - 1)) < 0) front.add(point);
        }
        return front;
    }

    private static Color pale(Color color) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), PALE);
    }

    private static double spread(List<Point> points) {
        DoubleSummaryStatistics costs = points.stream().mapToDouble(Point::cost).summaryStatistics();
        return costs.getMax() / costs.getMin();
    }

    /**
     * Write a PNG file; an existing one is replaced.
     *
     * @param points with finite values, at least one of a whole training
     * @param costs what the cost is, with its unit
     * @param limit of the cost; null for none
     */
    public static Path write(List<Point> points, Metric metric, String costs, @Nullable Double limit, Path folder) {
        boolean share = Metric.areShares(metric.name());
        double scale = share ? 100 : 1;
        String named = metric.name().replace('_', ' ');
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Validation " + named + " over " + costs)
                .xAxisTitle(costs)
                .yAxisTitle(named + (share ? " in percent" : ""))
                .build();
        chart.getStyler()
                // A logarithmic axis has few labels.
                .setXAxisLogarithmic(spread(points) > LINEAR)
                .setChartBackgroundColor(Color.WHITE)
                .setLegendPosition(Styler.LegendPosition.OutsideE);
        chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
        List<Point> front = front(points, metric.higherIsBetter());
        chart.addSeries(
                        "Pareto front",
                        front.stream().map(Point::cost).toList(),
                        front.stream().map(point -> scale * point.value()).toList())
                .setMarker(SeriesMarkers.NONE)
                .setLineColor(Color.GRAY);
        Color[] colors = chart.getStyler().getSeriesColors();
        for (int i = 0; i < points.size(); i++) {
            Point point = points.get(i);
            Color color = colors[i % colors.length];
            chart.addSeries(point.name(), List.of(point.cost()), List.of(scale * point.value()))
                    .setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter)
                    .setMarkerColor(point.whole() ? color : pale(color));
        }
        if (limit != null) {
            double low = points.stream().mapToDouble(Point::value).min().orElse(0);
            double high = points.stream().mapToDouble(Point::value).max().orElse(1);
            chart.addSeries("budget", List.of(limit, limit), List.of(scale * low, scale * high))
                    .setMarker(SeriesMarkers.NONE)
                    .setLineColor(Color.RED);
        }
        Path file = folder.resolve(NAME);
        PngFile.write(chart, file);
        return file;
    }
}
