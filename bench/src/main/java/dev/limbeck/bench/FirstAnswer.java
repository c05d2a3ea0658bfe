package dev.limbeck.bench;

import dev.limbeck.onnx.OnnxPredictor;
import java.nio.file.Path;
import java.util.Map;

/**
 * Classify one image and end, as a function that is started for each request: {@code --model model.onnx --image photo.jpg}. first-answer.sh
 * times the whole process.
 */
public final class FirstAnswer {
    private FirstAnswer() {}

    /** Print the class. */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("model", "", "image", ""), arguments);
        try (OnnxPredictor predictor = OnnxPredictor.open(Path.of(options.text("model")))) {
            System.out.println(predictor.predict(Path.of(options.text("image"))).className());
        }
    }
}
