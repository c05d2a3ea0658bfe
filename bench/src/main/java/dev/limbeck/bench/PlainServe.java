package dev.limbeck.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.limbeck.LimbeckException;
import dev.limbeck.examples.HttpService;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import javax.imageio.ImageIO;
import sun.misc.Signal;

/**
 * Serve the same ONNX file as {@code dev.limbeck.examples.Serve}, in the same HTTP service, with plain ONNX Runtime, ImageIO and
 * Graphics2D: what a user writes without Limbeck. Square inputs only. {@link Serving} compares both.
 */
public final class PlainServe {
    private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] STD = {0.229f, 0.224f, 0.225f};

    private PlainServe() {}

    /** Run the service: {@code MODEL.onnx PORT}. */
    public static void main(String... arguments) throws Exception {
        ImageIO.setUseCache(false);
        CountDownLatch signaled = new CountDownLatch(1);
        Signal.handle(new Signal("TERM"), signal -> signaled.countDown());
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(arguments[0])) {
            Map<String, String> said = session.getMetadata().getCustomMetadata();
            int side = Integer.parseInt(said.get("image_size").split("x")[0]);
            boolean normalizes = said.get("input").equals("pixels");
            int threads = 2 * Runtime.getRuntime().availableProcessors();
            try (HttpService service = HttpService.start(
                    Integer.parseInt(arguments[1]),
                    threads,
                    10 << 20,
                    body -> answer(session, body, side, normalizes))) {
                System.out.println("serving " + arguments[0] + " on port " + service.port());
                signaled.await();
            }
        }
        System.out.println("stopped");
    }

    private static Map<String, Object> answer(OrtSession session, byte[] body, int side, boolean normalizes) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(body));
            if (image == null) throw new LimbeckException("not an image");
            float[] values = values(cropped(image, side), side, normalizes);
            try (OnnxTensor input = OnnxTensor.createTensor(
                            OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), new long[] {1, 3, side, side});
                    OrtSession.Result result = session.run(
                            Map.of(session.getInputNames().iterator().next(), input))) {
                float[] logits = ((float[][]) result.get(0).getValue())[0];
                int best = 0;
                double sum = 0;
                for (int i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
                for (float logit : logits) sum += Math.exp(logit - logits[best]);
                return Map.of("class", best, "probability", 1 / sum);
            }
        } catch (IOException | OrtException e) {
            throw new LimbeckException(e.getMessage(), e);
        }
    }

    /** Scale the largest centered square. */
    private static BufferedImage cropped(BufferedImage image, int side) {
        int least = Math.min(image.getWidth(), image.getHeight());
        int left = (image.getWidth() - least) / 2;
        int top = (image.getHeight() - least) / 2;
        BufferedImage square = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = square.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        pen.drawImage(image, 0, 0, side, side, left, top, left + least, top + least, null);
        pen.dispose();
        return square;
    }

    private static float[] values(BufferedImage image, int side, boolean normalizes) {
        int[] pixels = image.getRGB(0, 0, side, side, null, 0, side);
        float[] values = new float[3 * pixels.length];
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < pixels.length; i++) {
                int value = pixels[i] >> 16 - 8 * c & 0xff;
                values[c * pixels.length + i] = normalizes ? value : (value / 255f - MEAN[c]) / STD[c];
            }
        }
        return values;
    }
}
