package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.io.Leftovers;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that cached outputs do not depend on earlier ones, for a teacher whose outputs depend strongly on the batch. */
class CachedBatchesTest {
    private static final Device CPU = Engine.device("cpu");

    @TempDir
    Path home;

    private final ImageData data = Datasets.open("shapes:60:0:0")
            .imageSize(8)
            .batchSize(8)
            .validFraction(0.2)
            .build();
    private int asked;

    @AfterEach
    void close() {
        data.close();
    }

    /** Return the mean of the pixels, the position of a row, and the size of its batch. */
    private final Teacher placed = new Teacher() {
        @Override
        public String name() {
            return "placed";
        }

        @Override
        public List<String> classNames() {
            return data.classNames();
        }

        @Override
        public int classes() {
            return data.classNames().size();
        }

        @Override
        public boolean isModule(Module other) {
            return false;
        }

        @Override
        public TeacherSession open(TeacherContext context) {
            return TeacherSession.of(context, "placed", batch -> {
                asked++;
                try (Scope scope = Scope.open()) {
                    float[] places = new float[batch.size() * classes()];
                    for (int i = 0; i < places.length; i++) places[i] = i + 100f * batch.size();
                    Tensor means =
                            batch.input().reshape(batch.size(), -1).logsumexp(1).unsqueeze(1);
                    return scope.promote(means.add(Tensors.of(places, batch.size(), classes())));
                }
            });
        }
    };

    private List<float[]> pass(TeacherSession lesson, DataLoader stream) {
        List<float[]> all = new ArrayList<>();
        try (DataLoader batches = stream) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) return all;
                    all.add(Tensors.toFloats(lesson.logits(batch)));
                }
            }
        }
    }

    private List<float[]> passes(Teacher teacher, DataLoader... streams) {
        List<float[]> all = new ArrayList<>();
        try (TeacherSession lesson = teacher.open(data, CPU)) {
            for (DataLoader stream : streams) all.addAll(pass(lesson, stream));
        }
        return all;
    }

    private List<float[]> epochs(Teacher teacher) {
        return passes(teacher, data.evaluate(Split.VALID), data.train(0), data.train(1));
    }

    private CachedTeacher onDisk(String folder) {
        return CachedTeacher.onDisk(placed, home.resolve(folder), Encoding.FLOAT32, line -> {});
    }

    private static void equal(List<float[]> found, List<float[]> expected) {
        assertThat(found.stream().map(Arrays::toString))
                .containsExactlyElementsOf(
                        expected.stream().map(Arrays::toString).toList());
    }

    @Test
    void aFolderHoldsTheSameWhateverFilledIt() throws Exception {
        assertThat(data.views()).as("the images look the same in each epoch").hasSize(1);
        List<float[]> whole = epochs(onDisk("whole"));
        int once = asked;
        assertThat(once)
                .as("each batch in order, once")
                .isEqualTo((data.size(Split.VALID) + 7) / 8 + (data.size(Split.TRAIN) + 7) / 8);
        equal(epochs(onDisk("whole")), whole);
        assertThat(asked).isEqualTo(once);
        // The first epoch was another one.
        passes(onDisk("other"), data.train(7), data.train(1));
        equal(epochs(onDisk("other")), whole);
        // After a kill, some rows are cached, also in the middle of batches.
        for (int rows = 1; rows < 48; rows += 9) {
            String folder = "killed-" + rows;
            keepSome(folder, rows);
            equal(epochs(onDisk(folder)), whole);
        }
        // The splits were read in order first, as by limbeck cache.
        passes(onDisk("cached"), data.evaluate(Split.VALID), data.evaluate(Split.TRAIN));
        equal(epochs(onDisk("cached")), whole);
    }

    /** Create a folder with only the first rows of training. */
    private void keepSome(String folder, int rows) throws Exception {
        Path from = home.resolve("whole");
        Path to = Files.createDirectories(home.resolve(folder));
        Files.copy(from.resolve(DiskStore.FACTS), to.resolve(DiskStore.FACTS));
        var facts = DiskStore.facts(from);
        int rowBytes = Float.BYTES * placed.classes();
        try (DiskStore all = new DiskStore(from, facts, rowBytes, line -> {});
                DiskStore some = new DiskStore(to, facts, rowBytes, line -> {})) {
            var keys = data.keys(new Provenance(Split.TRAIN, Provenance.PLAIN), some(rows));
            for (var key : keys) {
                var row = ByteBuffer.allocate(rowBytes);
                assertThat(all.get(key, row)).isTrue();
                some.put(key, row.array(), 0, rowBytes);
            }
        }
        try (Stream<Path> files = Files.list(to)) {
            assertThat(files.count()).isEqualTo(2);
        }
    }

    private static int[] some(int rows) {
        return IntStream.range(0, rows).toArray();
    }

    @Test
    void theMemoryCacheReturnsTheTeachersOutputs() {
        List<float[]> live = epochs(placed);
        asked = 0;
        CachedTeacher kept = CachedTeacher.inMemory(placed, 1000);
        equal(epochs(kept), live);
        int first = asked;
        equal(epochs(kept), live);
        assertThat(asked).as("equal batches are not asked about again").isEqualTo(first);
        CachedTeacher small = CachedTeacher.inMemory(placed, 11);
        equal(epochs(small), live);
        equal(epochs(small), live);
    }

    @Test
    void whatAKilledWriterLeftIsCleared() throws Exception {
        epochs(onDisk("a"));
        Path left = home.resolve("a/.x.rows." + UUID.randomUUID() + ".tmp");
        Files.writeString(left, "half");
        Path written = home.resolve("a/." + UUID.randomUUID() + ".tmp");
        try (var channel = Leftovers.claim(written)) {
            epochs(onDisk("a"));
            assertThat(left).doesNotExist();
            assertThat(written).as("another writer is at it").exists();
        }
    }
}
