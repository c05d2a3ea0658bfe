package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.RgbImage;
import dev.limbeck.onnx.OnnxPredictor;
import dev.limbeck.predict.image.Predictor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Run a server that embeds a predictor: threads predict without pause until the process ends. Prints {@code ready}.
 * {@code bench/signals.sh} sends signals to it.
 */
public final class AskedServer {
    private static final int SIDE = 64;

    private AskedServer() {}

    /** Run the server; options are {@code --model --threads --batch}; an {@code .onnx} file runs without LibTorch. */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("model", "", "threads", "8", "batch", "8"), arguments);
        Path model = Path.of(options.text("model"));
        ImageClassifier classifier =
                model.toString().endsWith(".onnx") ? OnnxPredictor.open(model) : Predictor.open(model);
        Random random = new Random(0);
        List<RgbImage> images = Stream.generate(() -> noise(random))
                .limit(options.number("batch"))
                .toList();
        for (int i = 0; i < options.number("threads"); i++) new Thread(() -> ask(classifier, images)).start();
        System.out.println("ready");
    }

    private static RgbImage noise(Random random) {
        byte[] rgb = new byte[3 * SIDE * SIDE];
        random.nextBytes(rgb);
        return new RgbImage(SIDE, SIDE, rgb);
    }

    private static void ask(ImageClassifier classifier, List<RgbImage> images) {
        try {
            while (true) classifier.predictAll(images);
        } catch (LimbeckException e) {
            System.err.println(e.getMessage());
        }
    }
}
