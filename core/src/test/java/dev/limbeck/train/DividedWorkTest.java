package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Processes;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageFolder;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.data.image.PicturesForTests;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that processes divide the work before the first step, and know what one process would know. */
class DividedWorkTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writePictures() throws IOException {
        PicturesForTests.write(folder, 11, "cat", "dog");
        // The first and the last of the images, which different processes read.
        Files.writeString(folder.resolve("cat/a.png"), "not a picture");
        Files.writeString(folder.resolve("dog/z.png"), "not a picture\nat all");
    }

    private record Opened(
            int loads, List<String> skipped, List<String> warnings, String fingerprint, Map<?, ?> facts) {}

    private Opened open(Processes processes) {
        AtomicInteger loads = new AtomicInteger();
        ImageSource pictures = ImageFolder.of(folder);
        ImageSource counting = (ImageSource) Proxy.newProxyInstance(
                ImageSource.class.getClassLoader(), new Class<?>[] {ImageSource.class}, (proxy, method, given) -> {
                    if (method.getName().equals("load")) loads.incrementAndGet();
                    try {
                        return method.invoke(pictures, given);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        // Smaller than the files, so that the summary names their size.
        try (ImageData data = ImageData.builder(counting)
                .imageSize(4)
                .skipBadImages(true)
                .processes(processes)
                .build()) {
            return new Opened(loads.get(), data.skipped(), data.warnings(), data.fingerprint(), data.describe());
        }
    }

    @Test
    void eachProcessReadsItsPartOfTheImagesAndKnowsOfAll() throws Exception {
        Opened alone = open(Processes.ONE);
        assertThat(alone.loads()).isEqualTo(24);
        assertThat(alone.skipped()).hasSize(2);
        assertThat(alone.facts().get("summary").toString())
                .contains("shrunk")
                .contains("2 left out that cannot be read");
        for (int size : new int[] {2, 3}) {
            for (Opened one : ThreadExchange.run(size, this::open)) {
                assertThat(one)
                        .isEqualTo(new Opened(
                                24 / size, alone.skipped(), alone.warnings(), alone.fingerprint(), alone.facts()));
            }
        }
    }

    @Test
    void allProcessesRefuseWhatOneCannotRead() throws Exception {
        String message = ThreadExchange.run(2, exchange -> {
                    try (ImageData data =
                            ImageData.builder(folder).processes(exchange).build()) {
                        return "opened";
                    } catch (LimbeckException e) {
                        return e.getMessage();
                    }
                })
                .stream()
                .distinct()
                .reduce((a, b) -> a + " but " + b)
                .orElseThrow();
        assertThatThrownBy(() -> ImageData.builder(folder).build()).hasMessage(message);
        assertThat(message).contains("a.png").contains("(and 1 more of 24)");
        Path fewer = folder.resolve("cat");
        List<String> found = ThreadExchange.run(2, exchange -> {
            try (ImageData data = ImageData.builder(exchange.rank() == 0 ? folder : fewer)
                    .labelByName(name -> name.substring(0, 2))
                    .processes(exchange)
                    .build()) {
                return "opened";
            } catch (LimbeckException e) {
                return e.getMessage();
            }
        });
        assertThat(found)
                .containsOnly("processes 0 and 1 must have the same number of images, found '24' and '12'; start all of"
                        + " them with the same files and options");
    }

    @Test
    void eachProcessComputesItsPartOfATeachersOutputs() throws Exception {
        Files.delete(folder.resolve("cat/a.png"));
        Files.delete(folder.resolve("dog/z.png"));
        try (ImageData data = ImageData.builder(folder)
                .imageSize(4)
                .batchSize(5)
                .validFraction(0.5)
                .build()) {
            Predictions alone = Evaluator.predictions(data, Split.VALID, DividedWorkTest::firstPixels);
            List<Integer> rows = ThreadExchange.run(2, exchange -> {
                int[] count = {0};
                Function<Batch, Tensor> counting = batch -> {
                    count[0] += batch.size();
                    return firstPixels(batch);
                };
                Predictions found = Evaluator.predictions(data, Split.VALID, counting, exchange);
                assertThat(found.outputs()).isEqualTo(alone.outputs());
                assertThat(found.labels()).isEqualTo(alone.labels());
                return count[0];
            });
            assertThat(alone.size()).isEqualTo(12);
            assertThat(rows).containsExactly(7, 5);
        }
    }

    private static Tensor firstPixels(Batch batch) {
        return batch.inputs().only().flatten(1, -1).narrow(1, 0, 2);
    }
}
