package dev.limbeck.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Compute a file's outputs for texts or rows of tables. Thread-safe.
 *
 * @param <X> an input
 */
final class OnnxRowNetwork<X> implements AutoCloseable {
    static final String MODALITY = "modality";
    private static final int MOST_NUMBERS = 1 << 30;

    private final OnnxSession session;
    private final Encoding<X> encoding;
    private final Task task;

    /** Hold an encoded row: numbers, ids, or both. */
    record Encoded(float[] numbers, long[] ids) {}

    /**
     * Encode inputs as the file's preprocessing does.
     *
     * @param pad fills the ids of shorter rows
     */
    private record Encoding<X>(Function<X, Encoded> encode, long pad) {}

    private OnnxRowNetwork(OnnxSession session, Encoding<X> encoding) {
        this.session = session;
        this.encoding = encoding;
        if (!(session.output().getInfo() instanceof TensorInfo output)
                || output.type != OnnxJavaType.FLOAT
                || output.getShape().length != 2
                || output.getShape()[1] < 1) {
            throw new LimbeckException(
                    session.file() + " gives " + session.output().getInfo()
                            + ", expected float32, rows×classes; open a file that limbeck export wrote");
        }
        task = OnnxOutputs.task(session, Math.toIntExact(output.getShape()[1]));
    }

    /** Open a file for texts, see {@link #open}. */
    static OnnxRowNetwork<String> texts(Path file, boolean numbers) {
        return open(file, TextPreprocessing.KIND, numbers, metadata -> {
            Tokenizer tokenizer = TextPreprocessing.of("text").with(metadata).tokenizer();
            // Texts of files are stripped in training.
            return new Encoding<>(one -> new Encoded(new float[0], tokenizer.encode(one.strip())), tokenizer.pad());
        });
    }

    /** Open a file for rows of tables, see {@link #open}. */
    static OnnxRowNetwork<Map<String, ?>> tables(Path file, boolean numbers) {
        return open(file, TablePreprocessing.KIND, numbers, metadata -> {
            TablePreprocessing table = TablePreprocessing.of(metadata);
            AtomicBoolean warned = new AtomicBoolean();
            return new Encoding<>(
                    row -> {
                        String[] cells = table.cells(row);
                        if (!warned.get()) warnOfUnknown(file, table, cells, warned);
                        TablePreprocessing.Encoded encoded = table.encode(cells);
                        return new Encoded(encoded.numbers(), encoded.ids());
                    },
                    0);
        });
    }

    /** Warn once: a service may see unknown words all the time. */
    private static void warnOfUnknown(Path file, TablePreprocessing table, String[] cells, AtomicBoolean warned) {
        List<String> unknown = table.unknown(List.<String[]>of(cells));
        if (unknown.isEmpty() || warned.getAndSet(true)) return;
        System.getLogger(TablePredictor.class.getName())
                .log(System.Logger.Level.WARNING, file + ": " + String.join("; ", unknown) + " (said once)");
    }

    /**
     * Open a file.
     *
     * @param kind of data, as the file's metadata names it
     * @param encoding makes the encoding from the file's metadata
     * @param numbers whether it must predict numbers, or else classes or labels
     * @throws LimbeckException if it is missing, damaged, or of another kind
     */
    private static <X> OnnxRowNetwork<X> open(
            Path file, String kind, boolean numbers, Function<Map<String, String>, Encoding<X>> encoding) {
        if (!Files.isRegularFile(file)) throw new LimbeckException("no ONNX file at " + file);
        OnnxSession session = OnnxSession.open(file, 1);
        try {
            String found = session.metadata().getOrDefault(MODALITY, "image");
            if (!found.equals(kind)) {
                throw new LimbeckException(file + " takes inputs of the kind " + found + ", expected " + kind
                        + "; open it with the predictor of its kind");
            }
            OnnxRowNetwork<X> network = new OnnxRowNetwork<>(session, encoding.apply(session.metadata()));
            if (network.task.kind() == Task.Kind.EMBEDDING) {
                throw new LimbeckException(
                        file + " returns embeddings, not predictions; export a classifier that " + "starts from it");
            }
            if (network.task.kind() == Task.Kind.REGRESSION == numbers) return network;
            throw new LimbeckException(file
                    + (numbers ? " predicts classes, not numbers" : " predicts numbers, not classes")
                    + "; open it with the predictor of its task");
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    Task task() {
        return task;
    }

    /** Compute the outputs of inputs, one row each: logits or numbers. */
    List<double[]> outputs(List<X> inputs) {
        if (inputs.isEmpty()) return List.of();
        List<Encoded> rows = inputs.stream().map(encoding.encode()).toList();
        List<OnnxSession.Rows> given = new ArrayList<>();
        session.inputs().forEach(input -> {
            boolean floats = input.getInfo() instanceof TensorInfo tensor && tensor.type == OnnxJavaType.FLOAT;
            given.add(floats ? numbers(rows) : ids(rows, encoding.pad()));
        });
        return OnnxOutputs.rows(session, task, session.run(given), rows.size());
    }

    private static OnnxSession.Rows numbers(List<Encoded> rows) {
        int width = rows.get(0).numbers.length;
        float[] all = new float[count(rows.size(), width)];
        for (int i = 0; i < rows.size(); i++) System.arraycopy(rows.get(i).numbers, 0, all, i * width, width);
        return OnnxSession.Rows.of(all, rows.size(), width);
    }

    private static int count(int rows, int width) {
        if ((long) rows * width <= MOST_NUMBERS) return rows * width;
        throw new LimbeckException(
                rows + " rows of " + width + " numbers are too many at once; predict fewer at a time");
    }

    /** Join ids, and pad shorter rows. */
    private static OnnxSession.Rows ids(List<Encoded> rows, long pad) {
        int width =
                Math.max(1, rows.stream().mapToInt(row -> row.ids.length).max().orElse(0));
        long[] all = new long[count(rows.size(), width)];
        Arrays.fill(all, pad);
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i).ids, 0, all, i * width, rows.get(i).ids.length);
        }
        return OnnxSession.Rows.of(all, rows.size(), width);
    }

    @Override
    public void close() {
        session.close();
    }
}
