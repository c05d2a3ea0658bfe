package dev.limbeck.distill.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.teacher.FunctionTeacher;
import dev.limbeck.table.RawTable;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Wrap a function of rows as a teacher, such as a model of another library or a service. */
public final class RowTeacher {
    private static final String CELLS = "cells";

    private RowTeacher() {}

    /**
     * Create a teacher. It gets the cells of the data as they are, whatever the student makes of them; an empty text stands for no value.
     *
     * <pre>{@code
     * Teacher teacher = RowTeacher.of("rules", List.of("no", "yes"), OutputKind.PROBABILITIES, List.of("age", "job"), rows -> …);
     * }</pre>
     *
     * @param name that records show
     * @param classNames in the order of its outputs; empty if they are not known
     * @param kind what it returns, see {@link FunctionTeacher}
     * @param columns that it reads
     * @param function from rows, each by the names of its columns, to as many arrays with a number for each class
     * @throws LimbeckException if there is no column
     */
    public static FunctionTeacher of(
            String name,
            List<String> classNames,
            OutputKind kind,
            List<String> columns,
            Function<List<Map<String, String>>, List<float[]>> function) {
        if (columns.isEmpty()) throw new LimbeckException("teacher " + name + " must read a column, found none");
        RawTable cells = new RawTable(List.of(new RawTable.Input(CELLS, RawTable.Type.TEXT, columns.size())), columns);
        return new FunctionTeacher(
                name,
                classNames,
                kind,
                Modalities.metadata(cells),
                inputs ->
                        joined(name, classNames.size(), rows(cells.order(), Tensors.toTexts(inputs.only())), function));
    }

    private static List<Map<String, String>> rows(List<String> columns, String... cells) {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int at = 0; at < cells.length; at += columns.size()) {
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 0; i < columns.size(); i++) row.put(columns.get(i), cells[at + i]);
            rows.add(row);
        }
        return rows;
    }

    private static float[] joined(
            String name,
            int classes,
            List<Map<String, String>> rows,
            Function<List<Map<String, String>>, List<float[]>> function) {
        List<float[]> found = function.apply(rows);
        if (found.size() != rows.size()) {
            throw new LimbeckException("teacher " + name + " must return an array for each of " + rows.size()
                    + " rows, found " + found.size());
        }
        int width = classes > 0 || found.isEmpty() ? classes : found.get(0).length;
        float[] all = new float[rows.size() * width];
        for (int row = 0; row < found.size(); row++) {
            float[] one = found.get(row);
            if (one.length != width) {
                throw new LimbeckException(
                        "teacher " + name + " must return " + width + " numbers for a row, found " + one.length);
            }
            System.arraycopy(one, 0, all, row * width, width);
        }
        return all;
    }
}
