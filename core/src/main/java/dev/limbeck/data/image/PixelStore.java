package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.PrepareProgress;
import dev.limbeck.data.Processes;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Load resized images, and cache them in memory up to a budget. */
final class PixelStore {
    private static final int HEIGHT_BITS = 16;
    /** No message contains it. */
    private static final String BETWEEN = "\0";

    private final ImageSource source;
    private final ImagePreprocessing preprocessing;
    private final AtomicReferenceArray<byte @Nullable []> kept;
    private final AtomicLong left;
    /** Original width and height of each image that some process loaded, 16 bits each; 0 if unknown. */
    private final int[] sizes;

    /**
     * Create an empty store.
     *
     * @param left remaining budget in bytes, shared with other stores of the same data
     */
    PixelStore(ImageSource source, ImagePreprocessing preprocessing, AtomicLong left) {
        this.source = source;
        this.preprocessing = preprocessing;
        kept = new AtomicReferenceArray<>(source.size());
        sizes = new int[source.size()];
        ImageDefaults own = source.defaults();
        boolean keptAlready =
                source.inMemory() && own.height() == preprocessing.height() && own.width() == preprocessing.width();
        this.left = keptAlready ? new AtomicLong() : left;
    }

    /** Return height×width×3 bytes. The array is shared and must not be changed. */
    byte[] pixels(int index) {
        byte[] known = kept.get(index);
        if (known != null) return known;
        RgbImage image = source.load(index);
        sizes[index] = image.width() << HEIGHT_BITS | image.height();
        byte[] pixels = preprocessing.resized(image).rgb();
        if (left.addAndGet(-pixels.length) < 0) {
            left.addAndGet(pixels.length);
        } else if (!kept.compareAndSet(index, null, pixels)) {
            // Another thread loaded the same image in the meantime.
            left.addAndGet(pixels.length);
        }
        return pixels;
    }

    /** Return whether the original size of an image is known, because some process loaded it. */
    boolean knowsSize(int index) {
        return sizes[index] != 0;
    }

    /** Return the original width of an image. */
    int width(int index) {
        return sizes[index] >>> HEIGHT_BITS;
    }

    /** Return the original height of an image. */
    int height(int index) {
        return sizes[index] & (1 << HEIGHT_BITS) - 1;
    }

    /** Clear the cache. */
    void clear() {
        for (int i = 0; i < kept.length(); i++) {
            byte[] pixels = kept.getAndSet(i, null);
            if (pixels != null) left.addAndGet(pixels.length);
        }
    }

    /**
     * Load images once, to check them and fill the cache: each process its part. Their sizes and errors are then known in all.
     *
     * @return the errors by image, ascending
     */
    SortedMap<Integer, String> prepare(int[] images, int workers, Processes processes, PrepareProgress progress) {
        processes.agree("number of images", String.valueOf(images.length));
        int[] own = IntStream.range(0, images.length)
                .filter(place -> processes.shard().holds(place, images.length))
                .map(place -> images[place])
                .toArray();
        Map<Integer, String> problems = load(own, workers, progress);
        double[] known = new double[sizes.length];
        for (int image : own) known[image] = sizes[image];
        double[] all = processes.sum(known);
        for (int image = 0; image < sizes.length; image++) sizes[image] = (int) all[image];
        SortedMap<Integer, String> found = new TreeMap<>();
        String here = problems.entrySet().stream()
                .map(problem -> problem.getKey() + " " + problem.getValue())
                .collect(Collectors.joining(BETWEEN));
        for (String one : processes.gather(here)) {
            for (String problem : one.isEmpty() ? new String[0] : one.split(BETWEEN)) {
                int end = problem.indexOf(' ');
                found.put(Integer.parseInt(problem.substring(0, end)), problem.substring(end + 1));
            }
        }
        return found;
    }

    /** Load images, and return the errors of those that cannot be read. */
    private Map<Integer, String> load(int[] images, int workers, PrepareProgress progress) {
        Map<Integer, String> problems = new ConcurrentSkipListMap<>();
        AtomicReferenceArray<@Nullable Throwable> failure = new AtomicReferenceArray<>(1);
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Runnable work = () -> {
            try {
                int index;
                while ((index = next.getAndIncrement()) < images.length && failure.get(0) == null) {
                    try {
                        pixels(images[index]);
                    } catch (LimbeckException e) {
                        problems.put(images[index], String.valueOf(e.getMessage()));
                    }
                    done.incrementAndGet();
                }
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(0, null, e);
            }
        };
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            Thread thread = new Thread(work, "limbeck-prepare-" + (i + 1));
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        try {
            // Progress is reported on the caller's thread, so listeners need not be thread-safe.
            for (Thread thread : threads) {
                while (thread.isAlive()) {
                    thread.join(100);
                    progress.prepared(done.get(), images.length);
                }
            }
            // They may have finished already.
            progress.prepared(done.get(), images.length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted while checking the images of " + source.origin(), e);
        } finally {
            next.set(images.length);
        }
        if (failure.get(0) instanceof Error error) throw error;
        if (failure.get(0) instanceof RuntimeException exception) throw exception;
        return problems;
    }
}
