package dev.limbeck.cli;

import dev.limbeck.data.Draws;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.stream.Stream;

/**
 * Generate deliveries of a made-up courier service: a table of numbers and words whose class depends on how its columns go together.
 *
 * <p>The service promises 9 minutes, 2.6 for each kilometer and 1.5 for each stop. The courier takes 5 minutes, and then for each
 * kilometer and stop what depends on the vehicle; a bike takes longer for each kilogram above 5. The minutes of the way are
 * multiplied by a factor of vehicle and weather together (snow slows a bike more than a van), by one of the courier, and by one
 * of the traffic, which depends on city, hour and weekday together: each city has a rush hour of its own, not at weekends; bikes
 * pass it. All minutes are then multiplied by noise with a mean of 1 and a deviation of {@value #NOISE}. An arrival below
 * {@value #EARLY} of the promise is early, one above {@value #LATE} late, any other on time; each class has 30 to 37 % of the rows.
 * Two columns, {@code color} and {@code tip}, say nothing.
 *
 * @param train number of training rows
 * @param test number of test rows
 * @param labels rows of each class that keep their label for students
 */
record DemoTable(int train, int test, int labels) implements DemoRows {
    private static final Form FORM = new Form(
            "deliveries",
            "rows",
            "label_columns: [arrival]",
            "distance_km,weight_kg,stops,hour,day,city,vehicle,weather,courier,color,tip,arrival",
            128,
            true);
    private static final double NOISE = 0.05;
    private static final double EARLY = 0.95;
    private static final double LATE = 1.25;
    private static final List<String> VEHICLES = List.of("bike", "scooter", "van");
    private static final double[] MINUTES_PER_KILOMETER = {3.4, 2.3, 1.9};
    private static final double[] MINUTES_PER_STOP = {1.2, 1.7, 3.2};
    /** Share of the traffic that reaches a vehicle. */
    private static final double[] IN_TRAFFIC = {0, 0.5, 1};

    private static final List<String> WEATHERS = List.of("dry", "rain", "wind", "snow");
    /** Factors of the way by vehicle and weather. */
    private static final double[][] SLOWED = {{1, 1.2, 1.45, 1.8}, {1, 1.2, 1.1, 1.7}, {1, 1.05, 1, 1.3}};

    private static final List<String> CITIES =
            List.of("Almond Bay", "Birchford", "Coldwater", "Dunmore", "Eastwick", "Fernhill", "Graymouth", "Hollin");
    private static final int[] RUSH_HOURS = {8, 17, 12, 9, 18, 14, 16, 20};
    private static final double[] RUSH = {1.6, 0.8, 1.2, 2, 1.4, 0.6, 1.8, 1};
    private static final double RUSH_WIDTH = 4;
    private static final List<String> DAYS = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");
    private static final int WORKDAYS = 5;
    private static final List<String> COLORS = List.of("brown", "white", "gray", "blue");
    private static final int COURIERS = 40;
    private static final int COURIER_STREAM = 7;
    private static final int FIRST_HOUR = 7;
    private static final int HOURS = 15;

    /** Return the settings of {@code limbeck demo --kind table}. */
    static Demo.Settings full() {
        return settings(new DemoTable(10_000, 3000, 100), 12, 12);
    }

    /** Return the settings of {@code limbeck demo --kind table --quick}. */
    static Demo.Settings quick() {
        return settings(new DemoTable(4000, 1000, 100), 8, 8);
    }

    private static Demo.Settings settings(DemoTable data, int teacherEpochs, int studentEpochs) {
        return new Demo.Settings(
                data, Zoo.byName("mlp-128-128"), Zoo.byName("mlp"), teacherEpochs, studentEpochs, 1e-2, 1e-2, 2, 0.9);
    }

    @Override
    public Form form() {
        return FORM;
    }

    @Override
    public String row(int index, Draws draws) {
        int hectometers = 5 + draws.nextInt(120);
        int hectograms = 1 + draws.nextInt(200);
        int stops = draws.nextInt(9);
        int hour = FIRST_HOUR + draws.nextInt(HOURS);
        int day = draws.nextInt(DAYS.size());
        int city = draws.nextInt(CITIES.size());
        int vehicle = draws.nextInt(VEHICLES.size());
        int weather = draws.nextInt(WEATHERS.size());
        int courier = draws.nextInt(COURIERS);
        String color = COLORS.get(draws.nextInt(COLORS.size()));
        int tip = draws.nextInt(6);
        double traffic = 1 + IN_TRAFFIC[vehicle] * (day < WORKDAYS ? rush(city, hour) : 0);
        double way = hectometers
                / 10.0
                * MINUTES_PER_KILOMETER[vehicle]
                * SLOWED[vehicle][weather]
                * traffic
                * Draws.of(SEED, COURIER_STREAM, courier).between(0.75, 1.3);
        double load = vehicle == 0 ? Math.max(0, hectograms - 50) * 0.08 : 0;
        double minutes = 5 + way + load + stops * MINUTES_PER_STOP[vehicle];
        double share = minutes * (1 + NOISE * normal(draws)) / (9 + 0.26 * hectometers + 1.5 * stops);
        String arrival = share < EARLY ? "early" : share > LATE ? "late" : "on time";
        return Stream.of(
                        tenths(hectometers),
                        tenths(hectograms),
                        String.valueOf(stops),
                        String.valueOf(hour),
                        DAYS.get(day),
                        CITIES.get(city),
                        VEHICLES.get(vehicle),
                        WEATHERS.get(weather),
                        Texts.format("c%02d", courier + 1),
                        color,
                        String.valueOf(tip),
                        arrival)
                .reduce((left, right) -> left + "," + right)
                .orElseThrow();
    }

    /** Return how much the traffic adds to a way: most in the city's rush hour, and less in the hours around it. */
    private static double rush(int city, int hour) {
        return RUSH[city] * Math.max(0, 1 - Math.abs(hour - RUSH_HOURS[city]) / RUSH_WIDTH);
    }

    private static String tenths(int number) {
        return number / 10 + "." + number % 10;
    }

    /** Draw an approximately normal number: the sum of four uniform ones, with a mean of 0 and a deviation of 1. */
    private static double normal(Draws draws) {
        double sum = 0;
        for (int i = 0; i < 4; i++) sum += draws.nextDouble();
        return (sum - 2) * StrictMath.sqrt(3);
    }
}
