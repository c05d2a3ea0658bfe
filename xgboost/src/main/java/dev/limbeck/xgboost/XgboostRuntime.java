package dev.limbeck.xgboost;

import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.bytedeco.pytorch.Tensor;

/**
 * Run boosters of XGBoost, {@code .ubj} and {@code .json}, on the cells of tables as they are: numbers as float32, NaN for none. Their
 * outputs are margins: logits of classes, or numbers. A file with names of features has an input for each; another has one of all.
 */
public final class XgboostRuntime implements ModelRuntime {
    private static final String NAME = "XGBoost";

    @Override
    public String name() {
        return NAME;
    }

    /** {@inheritDoc} JSON has no magic number, so the file name decides. */
    @Override
    public boolean runs(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".ubj") || name.endsWith(".json");
    }

    @Override
    public Running open(Path file) {
        BoosterFile read = BoosterFile.read(file);
        try (ExitGate inside = ExitGate.enter()) {
            return new OpenBooster(
                    XGBoost.loadModel(read.bytes()), read.rounds().limit(), facts(read));
        } catch (XGBoostError | IOException e) {
            throw new LimbeckException(file + ": XGBoost cannot read it (" + firstLine(e) + "); save it again", e);
        } catch (LinkageError e) {
            throw new LimbeckException(
                    "XGBoost's library cannot be loaded on this system (" + firstLine(e)
                            + "); install OpenMP's runtime (libgomp, libomp), or convert the booster to ONNX",
                    e);
        }
    }

    /** {@inheritDoc} Native code is not called. */
    @Override
    public Running look(Path file) {
        ModelFacts facts = facts(BoosterFile.read(file));
        return new Running() {
            @Override
            public Tensor forward(Inputs inputs) {
                throw new IllegalStateException("opened to look only");
            }

            @Override
            public ModelFacts facts() {
                return facts;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private static String firstLine(Throwable e) {
        Throwable cause = e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
        String line = String.valueOf(cause.getMessage()).strip().split("\n", 2)[0];
        // Its messages start with a time and a line of its source.
        return Printable.quote(line.replaceFirst("^\\[[\\d:]+] \\S+: ", ""));
    }

    private static ModelFacts facts(BoosterFile read) {
        List<InputSpec> inputs = read.names().isEmpty()
                ? List.of(InputSpec.floats(read.features()))
                : read.names().stream()
                        .map(name -> new InputSpec(name, DType.FLOAT32, new long[] {1}, 0, 0))
                        .toList();
        String output = read.output().key();
        return new ModelFacts(
                NAME,
                inputs,
                List.of("margins float32, " + read.objective() + ", " + read.rounds()),
                Map.of("output", output, "objective", read.objective()));
    }

    /** Hold an open booster. */
    private record OpenBooster(Booster booster, int limit, ModelFacts facts) implements Running {
        @Override
        public Tensor forward(Inputs inputs) {
            int rows = inputs.rows();
            List<float[]> columns =
                    inputs.tensors().values().stream().map(Tensors::toFloats).toList();
            float[] cells = columns.size() == 1 ? columns.get(0) : joined(columns, rows);
            try {
                DMatrix matrix = new DMatrix(cells, rows, cells.length / rows, Float.NaN);
                try {
                    return margins(booster.predict(matrix, true, limit));
                } finally {
                    matrix.dispose();
                }
            } catch (XGBoostError e) {
                throw new LimbeckException("XGBoost cannot compute it (" + firstLine(e) + ")", e);
            }
        }

        private static float[] joined(List<float[]> columns, int rows) {
            float[] cells = new float[rows * columns.size()];
            for (int i = 0; i < cells.length; i++) {
                cells[i] = columns.get(i % columns.size())[i / columns.size()];
            }
            return cells;
        }

        private static Tensor margins(float[]... rows) {
            float[] values = new float[rows.length * rows[0].length];
            for (int i = 0; i < rows.length; i++) {
                System.arraycopy(rows[i], 0, values, i * rows[i].length, rows[i].length);
            }
            return Tensors.of(values, rows.length, rows[0].length);
        }

        @Override
        public void close() {
            booster.dispose();
        }
    }
}
