package dev.limbeck.table;

import dev.limbeck.Decimals;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/** Prepare the cells of one column. */
sealed interface Column permits Column.Numbers, Column.Categories, Dates {
    /** Return the name in the header. */
    String name();

    /** Return the column as fields of text, which {@link #read} reads back. */
    List<String> fields();

    /**
     * Read a column.
     *
     * @throws IllegalArgumentException if the fields are malformed
     */
    static Column read(List<String> fields) {
        List<String> rest = fields.subList(2, fields.size());
        if (fields.get(0).equals(Categories.MARK)) return new Categories(fields.get(1), rest);
        if (fields.get(0).equals(Dates.MARK)) return Dates.read(fields);
        if (!fields.get(0).equals(Numbers.MARK)) throw new IllegalArgumentException("no column is " + fields.get(0));
        double[] values = rest.stream().mapToDouble(Double::parseDouble).toArray();
        return new Numbers(
                fields.get(1),
                values[0],
                values[1],
                Empty.values()[(int) values[2]],
                Arrays.copyOfRange(values, 3, values.length));
    }

    /** Tell what an empty cell is. The order is part of saved metadata. */
    enum Empty {
        /** An error: the data had none. */
        REFUSED,
        /** The mean, and an input says that it is empty. */
        SAID,
        /** The mean: training had none, so an input that says so would have an untrained weight. */
        MEAN
    }

    /** Return how many numbers a cell becomes. */
    int width();

    /** Return how many ids a cell becomes. */
    int idsPerRow();

    /** Return how many different ids there are. */
    int ids();

    /**
     * Add what a cell becomes.
     *
     * @param cell empty for none
     * @throws LimbeckException if it does not fit the column
     */
    void encode(String cell, Row row);

    /** Collect the numbers and ids of a row, column by column. */
    final class Row {
        final float[] numbers;
        final long[] ids;
        private int number;
        private int id;
        private int firstId;

        Row(int numbers, int ids) {
            this.numbers = new float[numbers];
            this.ids = new long[ids];
        }

        private void addNumber(double value) {
            numbers[number++] = (float) value;
        }

        /** Add an id of a column; ids of different columns differ. */
        void addId(int own, int ofColumn) {
            ids[id++] = firstId + own;
            firstId += ofColumn;
        }
    }

    /** Return whether a cell holds a decimal number in the range of float32. */
    static boolean isNumber(String cell) {
        return Decimals.isIn(cell) && Float.isFinite((float) Double.parseDouble(cell));
    }

    /**
     * Hold a column of numbers. A cell becomes its standardized value, the share of each interval between quantiles that lies below it
     * (Gorishniy et al. 2022, arXiv 2203.05556), and, if training had empty cells, whether it is empty.
     *
     * @param deviation standard deviation of the training cells, positive; infinite if they are all one number, so that any becomes 0
     * @param empty what empty cells are
     * @param edges quantiles of the training cells, strictly ascending
     */
    record Numbers(String name, double mean, double deviation, Empty empty, double[] edges) implements Column {
        static final String MARK = "numbers";

        /** Hold a column of one number, where training says nothing about others: only whether a cell is empty counts. */
        static Numbers constant(String name, double value, Empty empty) {
            return new Numbers(name, value, Double.POSITIVE_INFINITY, empty, new double[] {value});
        }

        boolean isConstant() {
            return Double.isInfinite(deviation);
        }

        @Override
        public int width() {
            return 1 + Math.max(0, edges.length - 1) + (empty == Empty.SAID ? 1 : 0);
        }

        @Override
        public int idsPerRow() {
            return 0;
        }

        @Override
        public int ids() {
            return 0;
        }

        @Override
        public void encode(String cell, Row row) {
            if (!cell.isEmpty() && !isNumber(cell)) throw wrong("must have finite numbers", cell);
            encode(cell.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cell)), row);
        }

        void encode(OptionalDouble found, Row row) {
            if (found.isEmpty() && empty == Empty.REFUSED) {
                throw new LimbeckException("the column '" + Printable.quote(name)
                        + "' must have a number, found an empty cell, and training had none; fill it");
            }
            double value = found.orElse(mean);
            double standardized = (value - mean) / deviation;
            if (!Float.isFinite((float) standardized)) throw wrong("must have numbers near " + mean, "" + value);
            row.addNumber(standardized);
            for (int i = 0; i + 1 < edges.length; i++) {
                double width = edges[i + 1] - edges[i];
                // Files of earlier versions may have the edges -0.0 and 0.0.
                double share = width > 0 ? (value - edges[i]) / width : value > edges[i] ? 1 : 0;
                row.addNumber(Math.max(0, Math.min(1, share)));
            }
            if (empty == Empty.SAID) row.addNumber(found.isEmpty() ? 1 : 0);
        }

        private LimbeckException wrong(String expected, String cell) {
            return new LimbeckException("the column '" + Printable.quote(name) + "' " + expected + ", found '"
                    + Printable.quote(cell) + "'; correct the cell, or leave it empty");
        }

        @Override
        public List<String> fields() {
            List<String> fields = new ArrayList<>(List.of(
                    MARK, name, String.valueOf(mean), String.valueOf(deviation), String.valueOf(empty.ordinal())));
            for (double edge : edges) fields.add(String.valueOf(edge));
            return fields;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Numbers numbers && numbers.fields().equals(fields());
        }

        @Override
        public int hashCode() {
            return fields().hashCode();
        }
    }

    /**
     * Hold a column of words. A cell becomes the place of its word; 0 stands for one that training did not have.
     *
     * @param words sorted; an empty word for empty cells
     */
    record Categories(String name, List<String> words) implements Column {
        static final String MARK = "categories";

        public Categories {
            words = List.copyOf(words);
        }

        @Override
        public int width() {
            return 0;
        }

        @Override
        public int idsPerRow() {
            return 1;
        }

        /** {@inheritDoc} One is for unknown words. */
        @Override
        public int ids() {
            return words.size() + 1;
        }

        @Override
        public void encode(String cell, Row row) {
            row.addId(Math.max(0, Collections.binarySearch(words, cell) + 1), ids());
        }

        boolean has(String cell) {
            return Collections.binarySearch(words, cell) >= 0;
        }

        @Override
        public List<String> fields() {
            List<String> fields = new ArrayList<>(List.of(MARK, name));
            fields.addAll(words);
            return fields;
        }
    }
}
