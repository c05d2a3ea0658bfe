package dev.limbeck.examples;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.RgbImage;
import dev.limbeck.onnx.OnnxPredictor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/**
 * Serve an exported classifier of images: {@code examples/run.sh Serve dist/model.onnx 8080}, then {@code curl --data-binary
 * @photo.jpg localhost:8080/predict}. SIGTERM and SIGINT finish the running requests and end the process with exit code 0.
 */
public final class Serve {
    private static final int MOST_BYTES = 10 << 20;
    private static final int SHOWN = 5;

    private Serve() {}

    public static void main(String... arguments) throws Exception {
        if (arguments.length == 0) throw new LimbeckException("expected MODEL.onnx [PORT]");
        // A small file can declare a large image: at most 75 MB for each running request.
        System.setProperty("limbeck.limit.image-pixels", System.getProperty("limbeck.limit.image-pixels", "25000000"));
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8080;
        int threads = 2 * Runtime.getRuntime().availableProcessors();
        CountDownLatch signaled = new CountDownLatch(1);
        // Not a shutdown hook: ONNX Runtime has one, which would free the model while requests use it.
        for (String name : List.of("TERM", "INT")) Signal.handle(new Signal(name), signal -> signaled.countDown());
        try (OnnxPredictor predictor = OnnxPredictor.open(Path.of(arguments[0]));
                HttpService service = HttpService.start(port, threads, MOST_BYTES, body -> answer(predictor, body))) {
            System.out.println("serving " + arguments[0] + " on port " + service.port());
            signaled.await();
        }
        System.out.println("stopped");
    }

    /** Predict an image; a {@link LimbeckException} means that the bytes are not one. */
    static Map<String, Object> answer(ImageClassifier classifier, byte[] file) {
        RgbImage image = ImageDecoder.read(file);
        Prediction prediction;
        try {
            prediction = classifier.predict(image);
        } catch (LimbeckException e) {
            throw new IllegalStateException(e);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("class", prediction.className());
        answer.put("probabilities", prediction.best(SHOWN));
        return answer;
    }
}
