package com.example.limbeck;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Run files {@code *.linear}. Each has a line per class with its name and the weights of the mean red, green and blue.
 */
public final class LinearRuntime implements ModelRuntime {
    private static final int CHANNELS = 3;

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public boolean runs(Path file) {
        return file.toString().endsWith(".linear");
    }

    @Override
    public Running open(Path file) {
        List<String[]> rows = rows(file);
        float[] weights = new float[rows.size() * CHANNELS];
        for (int i = 0; i < weights.length; i++)
            weights[i] = Float.parseFloat(rows.get(i / CHANNELS)[1 + i % CHANNELS]);
        String classes = rows.stream().map(row -> '"' + row[0] + '"').collect(Collectors.joining(", ", "[", "]"));
        ModelFacts facts = new ModelFacts(
                name(),
                List.of(InputSpec.floats(CHANNELS, InputSpec.FREE, InputSpec.FREE)),
                List.of("output float32 N×" + rows.size()),
                Map.of("classes", classes));
        return new Running() {
            @Override
            public Tensor forward(Inputs inputs) {
                return inputs.only()
                        .flatten(2, -1)
                        .mean(2)
                        .matmul(Tensors.of(weights, rows.size(), CHANNELS).t());
            }

            @Override
            public ModelFacts facts() {
                return facts;
            }

            @Override
            public void close() {
                // There are no resources to free.
            }
        };
    }

    private static List<String[]> rows(Path file) {
        try {
            List<String[]> rows = Files.readAllLines(file).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .toList();
            for (String[] row : rows) {
                if (row.length == 1 + CHANNELS) continue;
                throw new LimbeckException(file + " must have a name and three weights in each line, found '"
                        + String.join(" ", row) + "'");
            }
            return rows;
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
