package dev.limbeck.examples.boot;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.RgbImage;
import dev.limbeck.onnx.OnnxPredictor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import sun.misc.Signal;

/**
 * Serve an exported classifier of images with Spring Boot: {@code java -jar limbeck-spring-boot-example-0.1.0.jar
 * --limbeck.model=dist/model.onnx}, then {@code curl --data-binary @photo.jpg -H Content-Type:image/jpeg
 * localhost:8080/predict}.
 */
@SpringBootApplication
public class Application {
    public static void main(String[] args) {
        // A small file can declare a large image: at most 75 MB for each running request.
        System.setProperty("limbeck.limit.image-pixels", System.getProperty("limbeck.limit.image-pixels", "25000000"));
        ConfigurableApplicationContext context = SpringApplication.run(Application.class, args);
        // Not Spring's shutdown hook: ONNX Runtime has one, which would free the model while requests use it.
        for (String name : List.of("TERM", "INT")) {
            Signal.handle(new Signal(name), signal -> System.exit(SpringApplication.exit(context)));
        }
    }

    /** Open the model once; it is thread-safe, and closed after the running requests. */
    @Bean
    OnnxPredictor predictor(@Value("${limbeck.model}") Path model) {
        return OnnxPredictor.open(model);
    }

    /** Answer requests. */
    @RestController
    static class Predictions {
        private final OnnxPredictor predictor;
        private final int mostBytes;

        Predictions(OnnxPredictor predictor, @Value("${limbeck.most-bytes}") int mostBytes) {
            this.predictor = predictor;
            this.mostBytes = mostBytes;
        }

        @PostMapping("/predict")
        ResponseEntity<Map<String, Object>> predict(InputStream body) throws IOException {
            byte[] file = body.readNBytes(mostBytes + 1);
            if (file.length > mostBytes) {
                return error(HttpStatus.CONTENT_TOO_LARGE, "expected at most " + mostBytes + " bytes; send a smaller file");
            }
            RgbImage image;
            try {
                image = ImageDecoder.read(file);
            } catch (LimbeckException e) {
                return error(HttpStatus.BAD_REQUEST, e.getMessage());
            }
            Prediction prediction = predictor.predict(image);
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("class", prediction.className());
            answer.put("probabilities", prediction.best(5));
            return ResponseEntity.ok(answer);
        }

        private static ResponseEntity<Map<String, Object>> error(HttpStatus status, String line) {
            return ResponseEntity.status(status).body(Map.of("error", line));
        }

        @GetMapping("/health")
        Map<String, String> health() {
            return Map.of("status", "ok");
        }
    }
}
