package dev.limbeck.table;

import dev.limbeck.Decimals;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Preprocessing;
import dev.limbeck.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Give a model the cells of a table as they are: numbers as float32, float64 or int64, words as texts. Such a model encodes them itself, as
 * trees and scikit-learn's pipelines do. Immutable.
 *
 * @param inputs of the model, in its order
 * @param order columns in the order of the inputs; empty to find them by name, or to take all columns in the data's order
 */
public record RawTable(List<Input> inputs, List<String> order) implements Preprocessing {
    /** The kind of preprocessing. */
    public static final String KIND = "raw-table";
    /** The key of {@link #order} in metadata. */
    public static final String ORDER = "raw_columns";
    /** A number of columns that the model leaves open. */
    public static final long ANY = -1;

    private static final String INPUTS = "raw_inputs";
    private static final String TAB = "\t";

    /** Name what a model wants to get of a cell. */
    public enum Type {
        /** A float32 number; NaN for no value. */
        NUMBER,
        /** A float64 number; NaN for no value. */
        DOUBLE,
        /** An int64 number. */
        INTEGER,
        /** A text; an empty one for no value. */
        TEXT
    }

    /**
     * Describe an input.
     *
     * @param width number of its columns, or {@link #ANY}
     */
    public record Input(String name, Type type, long width) {
        private String line() {
            return String.join(TAB, name.replaceAll("\\s", " "), type.name().toLowerCase(Locale.ROOT), "" + width);
        }

        private static Input of(String line) {
            String[] parts = line.split(TAB, -1);
            return new Input(parts[0], Type.valueOf(parts[1].toUpperCase(Locale.ROOT)), Long.parseLong(parts[2]));
        }

        @Override
        public String toString() {
            return Printable.quote(name) + " ("
                    + (width == ANY ? "any number of columns" : width + (width == 1 ? " column" : " columns")) + ")";
        }
    }

    /** Hold one of the model's columns. */
    public record Column(String name, Type type) {}

    public RawTable {
        inputs = List.copyOf(inputs);
        order = List.copyOf(order);
    }

    /**
     * Read it from metadata.
     *
     * @throws LimbeckException if it is malformed
     */
    public static RawTable of(Map<String, String> metadata) {
        try {
            String order = metadata.get(ORDER);
            return new RawTable(
                    Arrays.stream(metadata.getOrDefault(INPUTS, "").split("\n"))
                            .filter(line -> !line.isEmpty())
                            .map(Input::of)
                            .toList(),
                    order == null ? List.of() : List.of(order.split(TAB, -1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new LimbeckException("the description of the model's inputs is malformed; open its file again", e);
        }
    }

    /**
     * Return the columns of each input, one list an input.
     *
     * @param header columns of the data that are no labels
     * @throws LimbeckException if they cannot be found
     */
    public List<List<Column>> columns(List<String> header) {
        List<String> names = order.isEmpty() ? found(header) : order;
        for (String name : names) if (!header.contains(name)) throw Names.unknown("column", name, header);
        if (new HashSet<>(names).size() < names.size()) {
            throw new LimbeckException("the model's columns must differ, found " + Names.quoted(names));
        }
        List<List<Column>> all = new ArrayList<>();
        int at = 0;
        for (Input input : inputs) {
            // An open number is known where there is one input.
            int width = input.width == ANY ? names.size() - at : (int) Math.min(Integer.MAX_VALUE, input.width);
            if (at + (long) width > names.size()) throw widths(names);
            all.add(names.subList(at, at + width).stream()
                    .map(name -> new Column(name, input.type))
                    .toList());
            at += width;
        }
        if (at < names.size()) throw widths(names);
        return all;
    }

    private List<String> found(List<String> header) {
        List<String> named = new ArrayList<>();
        for (Input input : inputs) {
            Optional<String> column = input.width == 1 ? named(input, header) : Optional.empty();
            column.ifPresent(named::add);
        }
        if (named.size() == inputs.size()) return named;
        if (inputs.size() == 1) return header;
        Set<String> missing = inputs.stream()
                .filter(input -> input.width != 1 || named(input, header).isEmpty())
                .map(Input::toString)
                .collect(Collectors.toSet());
        throw new LimbeckException("the model's inputs must be columns of the data, found no column for "
                + String.join(", ", missing.stream().sorted().toList()) + " among " + Names.quoted(header)
                + "; name its columns in its order (columns, --teacher-columns)");
    }

    /** Find a column by name; exporters write other signs in place of spaces and hyphens. */
    private static Optional<String> named(Input input, List<String> header) {
        if (header.contains(input.name)) return Optional.of(input.name);
        List<String> alike = header.stream()
                .filter(column -> plain(column).equals(plain(input.name)))
                .toList();
        return alike.size() == 1 ? Optional.of(alike.get(0)) : Optional.empty();
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]", "");
    }

    private LimbeckException widths(List<String> names) {
        return new LimbeckException("the model takes "
                + inputs.stream().map(Input::toString).collect(Collectors.joining(", ")) + ", found " + names.size()
                + " columns, " + Names.quoted(names)
                + "; name its columns in its order (columns, --teacher-columns)");
    }

    /**
     * Read a float32 number.
     *
     * @return NaN for an empty cell
     * @throws LimbeckException if it is none
     */
    public static float number(Column column, String cell) {
        float value = (float) wide(column, cell);
        if (Float.isInfinite(value)) throw noNumber(column, cell);
        return value;
    }

    /**
     * Read a float64 number.
     *
     * @return NaN for an empty cell
     * @throws LimbeckException if it is none
     */
    public static double wide(Column column, String cell) {
        if (cell.isEmpty()) return Double.NaN;
        // Java reads words such as 12D and 0x1p3 as numbers, too.
        double value = Decimals.isIn(cell) ? Double.parseDouble(cell) : Double.NaN;
        if (Double.isFinite(value)) return value;
        throw noNumber(column, cell);
    }

    private static LimbeckException noNumber(Column column, String cell) {
        return new LimbeckException("the model takes numbers for '" + column.name + "', found '" + Printable.quote(cell)
                + "'; name cells without a value (missing, --missing), or use a model that takes words");
    }

    /**
     * Read a whole number.
     *
     * @throws LimbeckException if it is none
     */
    public static long integer(Column column, String cell) {
        double value = Decimals.isIn(cell) ? Double.parseDouble(cell) : Double.NaN;
        if (value == Math.rint(value) && Math.abs(value) < 1L << 53) return (long) value;
        throw new LimbeckException("the model takes whole numbers for '" + column.name + "', found '"
                + Printable.quote(cell) + "'; correct the cell, or use a model that takes float32");
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(INPUTS, inputs.stream().map(Input::line).collect(Collectors.joining("\n")));
        if (!order.isEmpty()) metadata.put(ORDER, String.join(TAB, order));
        return metadata;
    }

    @Override
    public RawTable with(Map<String, String> said) {
        Map<String, String> all = toMetadata();
        all.putAll(said);
        return of(all);
    }

    @Override
    public String identity() {
        return KIND + " " + toMetadata();
    }

    @Override
    public String describe() {
        return "cells as they are, "
                + (order.isEmpty() ? "columns by name or in the data's order" : "columns " + Names.quoted(order));
    }
}
