package dev.limbeck.bench;

import dev.limbeck.onnx.TextPredictor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Time the answers of an exported text model, one text at a time on one thread, without LibTorch. Prints a JSON line: the
 * milliseconds from the start of the JVM to the first answer, then the median and the 99th percentile in microseconds.
 */
public final class TextAnswers {
    private TextAnswers() {}

    /** Run the benchmark; options are {@code --model --texts --times}; {@code --texts} is a file with one text a line. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("model", "", "texts", "", "times", "10000"), arguments);
        List<String> texts = Files.readAllLines(Path.of(options.text("texts")));
        try (TextPredictor predictor = TextPredictor.open(Path.of(options.text("model")))) {
            predictor.predict(texts.get(0));
            long first = System.currentTimeMillis()
                    - ManagementFactory.getRuntimeMXBean().getStartTime();
            int times = options.number("times");
            for (int i = 0; i < times / 2; i++) predictor.predict(texts.get(i % texts.size()));
            long[] nanoseconds = new long[times];
            for (int i = 0; i < times; i++) {
                String text = texts.get(i % texts.size());
                long start = System.nanoTime();
                predictor.predict(text);
                nanoseconds[i] = System.nanoTime() - start;
            }
            Arrays.sort(nanoseconds);
            System.out.printf(
                    Locale.ROOT,
                    "{\"first_answer_ms\": %d, \"median_us\": %.1f, \"p99_us\": %.1f}%n",
                    first,
                    nanoseconds[times / 2] / 1e3,
                    nanoseconds[times * 99 / 100] / 1e3);
        }
    }
}
