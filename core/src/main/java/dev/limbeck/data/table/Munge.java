package dev.limbeck.data.table;

import dev.limbeck.Decimals;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Draws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Make rows of a table from its training rows, for a teacher to label: MUNGE (Buciluă, Caruana and Niculescu-Mizil, "Model compression",
 * 2006, algorithm 1). In a copy of all rows, each row e and its nearest neighbor e′ exchange cells, each column with probability p: words
 * are swapped; numbers are drawn from normal distributions around the other's, with the deviation |e − e′| / s. Distances are those of
 * standardized numbers, squared, plus 1 for each different word. Unlike in the paper, neighbors are found once, among the rows as they
 * are, and columns of whole numbers stay whole.
 *
 * @param copies of the table, the paper's k
 * @param probability of a column to be exchanged, from 0 to 1; the paper's p
 * @param locality how close numbers stay, above 0; the paper's s
 */
public record Munge(int copies, double probability, double locality) {
    private static final Pattern FORM = Pattern.compile("munge:(\\d{1,4})(?:,p=(\\d*\\.?\\d+))?(?:,s=(\\d*\\.?\\d+))?");
    /** Distances that are computed at most: of each pair of 30,000 rows. */
    private static final long MOST_DISTANCES = 900_000_000;
    /** Rows that each row is compared with at least, or all. */
    private static final int LEAST_COMPARED = 1000;

    private static final int NEIGHBORS = 11;
    private static final int ROWS = 12;
    private static final double PROBABILITY = 0.5;
    private static final double LOCALITY = 1;

    public Munge {
        if (copies < 1 || !(probability > 0 && probability <= 1) || !(locality > 0)) throw wrong(copies + "");
    }

    /**
     * Parse {@code munge:3}, or {@code munge:3,p=0.5,s=1}.
     *
     * @throws LimbeckException if it has another form
     */
    public static Munge of(String text) {
        Matcher found = FORM.matcher(text.strip());
        if (!found.matches()) throw wrong(text);
        return new Munge(
                Integer.parseInt(found.group(1)),
                found.group(2) == null ? PROBABILITY : Double.parseDouble(found.group(2)),
                found.group(3) == null ? LOCALITY : Double.parseDouble(found.group(3)));
    }

    private static LimbeckException wrong(String found) {
        return new LimbeckException("synthetic rows (synthetic, --synthetic) must be munge:K, K copies of the training "
                + "rows, or munge:K,p=0.5,s=1 with p above 0 up to 1 and s above 0, found '" + found + "'");
    }

    /** Hold the cells of a column: numbers, standardized numbers, or places of words. */
    private record Column(boolean isNumber, boolean isWhole, double[] values, float[] scaled) {
        static Column of(List<String[]> rows, int at, boolean words) {
            double[] values = new double[rows.size()];
            float[] scaled = new float[rows.size()];
            List<String> cells = rows.stream().map(row -> row[at]).toList();
            boolean isNumber = !words
                    && cells.stream().anyMatch(cell -> !cell.isEmpty())
                    && cells.stream().allMatch(cell -> cell.isEmpty() || Decimals.isIn(cell));
            if (!isNumber) {
                Map<String, Integer> places = new HashMap<>();
                for (int i = 0; i < values.length; i++) {
                    scaled[i] = places.computeIfAbsent(cells.get(i), word -> places.size());
                }
                return new Column(false, false, values, scaled);
            }
            boolean isWhole = true;
            for (int i = 0; i < values.length; i++) {
                String cell = cells.get(i);
                values[i] = cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
                isWhole &= cell.isEmpty() || cell.indexOf('.') < 0 && values[i] == Math.rint(values[i]);
            }
            double[] known =
                    Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
            double mean = Arrays.stream(known).average().orElse(0);
            double deviation = Math.sqrt(Arrays.stream(known)
                    .map(value -> (value - mean) * (value - mean))
                    .average()
                    .orElse(0));
            for (int i = 0; i < values.length; i++) {
                scaled[i] = (float) (deviation > 0 ? (values[i] - mean) / deviation : values[i] - values[i]);
            }
            return new Column(true, isWhole, values, scaled);
        }
    }

    /**
     * Make rows.
     *
     * @param header names of the cells
     * @param rows to make them of; an empty text for no value
     * @param words columns of words, even if all their cells are numbers
     * @param fixed columns whose cells stay with their row
     * @return as many rows as there are, times the copies
     * @throws LimbeckException if there are fewer than two rows
     */
    public List<String[]> rows(
            List<String> header, List<String[]> rows, Set<String> words, Set<String> fixed, long seed) {
        if (rows.size() < 2) {
            throw new LimbeckException("synthetic rows need at least two training rows, found " + rows.size()
                    + "; leave them out (synthetic, --synthetic)");
        }
        List<Column> columns = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < header.size(); i++) {
            String name = header.get(i);
            if (fixed.contains(name)) continue;
            for (String[] row : rows) {
                if (row[i] != null) continue;
                throw new LimbeckException("synthetic rows need the column '" + name
                        + "' in every file; add it, or ignore it (ignore, --ignore-columns)");
            }
            columns.add(Column.of(rows, i, words.contains(name)));
            places.add(i);
        }
        int[] neighbors = neighbors(columns, rows.size(), seed);
        List<String[]> made = new ArrayList<>();
        for (int copy = 0; copy < copies; copy++) {
            Draws draws = Draws.of(seed, ROWS, copy);
            List<String[]> cells = rows.stream().map(String[]::clone).toList();
            for (int column = 0; column < columns.size(); column++) {
                exchange(columns.get(column), cells, places.get(column), neighbors, draws);
            }
            made.addAll(cells);
        }
        return made;
    }

    /** Exchange the cells of a column in a copy. */
    private void exchange(Column column, List<String[]> cells, int at, int[] neighbors, Draws draws) {
        double[] values = column.values.clone();
        for (int i = 0; i < neighbors.length; i++) {
            if (draws.nextDouble() >= probability) continue;
            int other = neighbors[i];
            String[] one = cells.get(i);
            String[] two = cells.get(other);
            if (column.isNumber && !Double.isNaN(values[i]) && !Double.isNaN(values[other])) {
                double deviation = Math.abs(values[i] - values[other]) / locality;
                if (deviation == 0) continue;
                double first = values[other] + deviation * normal(draws);
                double second = values[i] + deviation * normal(draws);
                values[i] = column.isWhole ? Math.rint(first) : first;
                values[other] = column.isWhole ? Math.rint(second) : second;
                one[at] = text(column, values[i]);
                two[at] = text(column, values[other]);
            } else {
                double value = values[i];
                values[i] = values[other];
                values[other] = value;
                String cell = one[at];
                one[at] = two[at];
                two[at] = cell;
            }
        }
    }

    private static String text(Column column, double value) {
        return column.isWhole && Math.abs(value) < 1L << 53 ? String.valueOf((long) value) : String.valueOf(value);
    }

    /** Draw from the standard normal distribution (Box and Muller). */
    private static double normal(Draws draws) {
        return Math.sqrt(-2 * Math.log(1 - draws.nextDouble())) * Math.cos(2 * Math.PI * draws.nextDouble());
    }

    /**
     * Find the nearest other row of each row. With more than 30,000 rows, each is compared with some only, which are drawn, so that the
     * number of distances stays the same, until a thousand are left.
     */
    private static int[] neighbors(List<Column> columns, int count, long seed) {
        int[] compared = compared(count, seed);
        int width = columns.size();
        float[] all = new float[count * width];
        boolean[] isNumber = new boolean[width];
        for (int c = 0; c < width; c++) {
            isNumber[c] = columns.get(c).isNumber;
            for (int i = 0; i < count; i++) all[i * width + c] = columns.get(c).scaled[i];
        }
        return IntStream.range(0, count)
                .parallel()
                .map(row -> nearest(row, compared, all, isNumber))
                .toArray();
    }

    /** Return the rows that each row is compared with, ascending. */
    static int[] compared(int count, long seed) {
        int[] rows = IntStream.range(0, count).toArray();
        long most = Math.max(LEAST_COMPARED, MOST_DISTANCES / count);
        if (most >= count) return rows;
        Draws.of(seed, NEIGHBORS).shuffle(rows);
        return IntStream.of(rows).limit(most).sorted().toArray();
    }

    private static int nearest(int row, int[] others, float[] all, boolean... isNumber) {
        int width = isNumber.length;
        float best = Float.POSITIVE_INFINITY;
        int nearest = -1;
        for (int other : others) {
            if (other == row) continue;
            float sum = 0;
            for (int c = 0; c < width && sum < best; c++) {
                float a = all[row * width + c];
                float b = all[other * width + c];
                // NaN differs from every number by 1.
                if (a == b || a != a && b != b) continue;
                float difference = a - b;
                sum += isNumber[c] && difference == difference ? difference * difference : 1;
            }
            if (sum < best) {
                best = sum;
                nearest = other;
            }
        }
        return nearest;
    }
}
