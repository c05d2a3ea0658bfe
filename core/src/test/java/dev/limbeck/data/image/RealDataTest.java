package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.SharedData;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Scope;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealDataTest {
    private static Path shared(String relative) {
        Path path = SharedData.find(relative).orElse(null);
        assumeTrue(path != null, "no " + relative + " in the folder of real data");
        return path;
    }

    @Test
    void readsFashionMnist() {
        Path folder = shared("data/fashion-mnist");
        try (ImageData data =
                ImageData.builder(IdxImages.of(folder)).batchSize(500).build()) {
            assertThat(data.classNames()).isEqualTo(IdxImages.FASHION_CLASSES);
            assertThat(data.size(Split.TRAIN)).isEqualTo(48000);
            assertThat(data.size(Split.VALID)).isEqualTo(12000);
            assertThat(data.size(Split.TEST)).isEqualTo(10000);
            // The first labels and images of the official test file.
            assertThat(Arrays.copyOf(data.targets(Split.TEST).labels(), 5)).containsExactly(9, 2, 1, 1, 6);
            assertThat(count(data.evaluate(Split.TEST))).isEqualTo(10000);
        }
    }

    @Test
    void readsTheJpegsOfAnArchive(@TempDir Path cache) {
        Path archive = shared("data/cifar10-jpeg.tgz");
        ImageSource source = new DatasetStore(cache).source(archive.toString());
        assertThat(source.size()).isEqualTo(60000);
        assertThat(source.classNames()).hasSize(10).startsWith("airplane", "automobile");
        try (ImageData data =
                ImageData.builder(source).imageSize(32).batchSize(128).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(40000);
            assertThat(data.size(Split.VALID)).isEqualTo(10000);
            assertThat(data.size(Split.TEST)).isEqualTo(10000);
            assertThat(data.skipped()).isEmpty();
            assertThat(count(data.evaluate(Split.TEST))).isEqualTo(10000);
        }
    }

    private static int count(DataLoader stream) {
        int count = 0;
        try (stream) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = stream.next();
                    if (batch == null) return count;
                    count += batch.size();
                }
            }
        }
    }
}
