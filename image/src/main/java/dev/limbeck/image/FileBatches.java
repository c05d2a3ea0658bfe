package dev.limbeck.image;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Predict many image files in batches, with a bounded number of resized images in memory. */
final class FileBatches {
    private static final int MOST_IMAGES = 64;
    /** Most numbers in a batch: 32 MB in float32. */
    private static final int MOST_NUMBERS = 1 << 23;

    /** Hold a resized image, or why it cannot be read. */
    private record Decoded(
            @Nullable RgbImage image, @Nullable String problem) {}

    private record Pending(Path file, Future<Decoded> decoded) {}

    private FileBatches() {}

    /** Decode the next files, one thread per processor, while the model computes on this thread. */
    static <P> void predict(
            Iterable<Path> files,
            ImagePreprocessing how,
            Function<List<RgbImage>, List<P>> model,
            Consumer<ImageOutcome<P>> outcomes) {
        int batch = Math.max(1, Math.min(MOST_IMAGES, MOST_NUMBERS / (3 * how.height() * how.width())));
        ExecutorService decoders =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(), work -> {
                    Thread thread = new Thread(work, "limbeck-decode");
                    thread.setDaemon(true);
                    return thread;
                });
        try {
            Iterator<Path> rest = files.iterator();
            Deque<Pending> ahead = new ArrayDeque<>();
            while (true) {
                while (ahead.size() < 2 * batch && rest.hasNext()) {
                    Path file = rest.next();
                    ahead.add(new Pending(file, decoders.submit(() -> decode(file, how))));
                }
                if (ahead.isEmpty()) return;
                List<Path> some = new ArrayList<>();
                List<Decoded> decoded = new ArrayList<>();
                while (some.size() < batch && !ahead.isEmpty()) {
                    Pending next = ahead.remove();
                    some.add(next.file);
                    decoded.add(await(next));
                }
                predict(some, decoded, model, outcomes);
            }
        } finally {
            decoders.shutdownNow();
        }
    }

    private static <P> void predict(
            List<Path> files,
            List<Decoded> decoded,
            Function<List<RgbImage>, List<P>> model,
            Consumer<ImageOutcome<P>> outcomes) {
        List<RgbImage> images = new ArrayList<>();
        for (Decoded one : decoded) if (one.image != null) images.add(one.image);
        Iterator<P> predictions = model.apply(images).iterator();
        for (int i = 0; i < files.size(); i++) {
            Decoded one = decoded.get(i);
            outcomes.accept(
                    new ImageOutcome<>(files.get(i), one.image == null ? null : predictions.next(), one.problem));
        }
    }

    /** Resize at once: a photo takes much more memory than what a model gets. */
    private static Decoded decode(Path file, ImagePreprocessing how) {
        try {
            return new Decoded(how.resized(ImageDecoder.read(file)), null);
        } catch (LimbeckException e) {
            return new Decoded(null, String.valueOf(e.getMessage()));
        }
    }

    private static Decoded await(Pending pending) {
        try {
            return pending.decoded.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted while reading " + pending.file, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) throw error;
            if (e.getCause() instanceof RuntimeException exception) throw exception;
            throw new IllegalStateException(e.getCause());
        }
    }
}
