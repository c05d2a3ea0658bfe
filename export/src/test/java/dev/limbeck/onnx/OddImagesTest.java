package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.export.Exporter;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.image.RgbImage;
import dev.limbeck.nn.Flatten;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Test that the predictor without LibTorch reads unusual files like training does: the same table, with a network that
 * returns its input.
 */
class OddImagesTest {
    private static final int SIDE = 20;

    @TempDir
    static Path home;

    private static OnnxPredictor predictor;

    record Row(String name, boolean refused, int most, String why, byte[] file, RgbImage expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Read the table written by {@code bench/decoder_table.py}. */
    static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        try (InputStream file = OddImagesTest.class.getResourceAsStream("/decoder-table.gz");
                DataInputStream in = new DataInputStream(new GZIPInputStream(file))) {
            for (int count = in.readInt(); rows.size() < count; ) {
                String name = in.readUTF();
                in.readUTF();
                boolean refused = in.readUTF().equals("refused");
                int most = in.readInt();
                String why = in.readUTF();
                byte[] bytes = in.readNBytes(in.readInt());
                int width = in.readInt();
                int height = in.readInt();
                byte[] rgb = in.readNBytes(3 * width * height);
                rows.add(new Row(name, refused, most, why, bytes, refused ? null : new RgbImage(width, height, rgb)));
            }
        }
        return rows;
    }

    @BeforeAll
    static void open() {
        List<String> outputs =
                IntStream.range(0, 3 * SIDE * SIDE).mapToObj(Integer::toString).toList();
        List<Double> pixels = List.of(1 / 255.0, 1 / 255.0, 1 / 255.0);
        ImagePreprocessing preprocessing =
                new ImagePreprocessing(SIDE, SIDE, Resize.SQUISH, List.of(0.0, 0.0, 0.0), pixels);
        try (Flatten identity = new Flatten()) {
            Path file = Exporter.of(identity, new Task.SingleLabel(outputs), preprocessing)
                    .export(home.resolve("identity"))
                    .get(0)
                    .file();
            predictor = OnnxPredictor.open(file);
        }
    }

    @AfterAll
    static void close() {
        predictor.close();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void thePredictorSeesPillowsPixels(Row row) throws IOException {
        Path file = Files.write(home.resolve("image"), row.file);
        if (row.refused) {
            assertThatThrownBy(() -> predictor.predict(file))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("cannot read image " + file + ": ")
                    .hasMessageContaining(row.why);
            return;
        }
        double[] seen = predictor.predict(file).logits();
        double[] expected = predictor.predict(row.expected).logits();
        for (int i = 0; i < seen.length; i++) {
            // Rounding after resizing may add to the allowed difference of pixels.
            assertThat(Math.abs(seen[i] - expected[i])).isLessThan(row.most + (row.most > 0 ? 1.01 : 0.01));
        }
    }
}
