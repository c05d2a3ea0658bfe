package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.distill.CacheWarmup;
import dev.limbeck.distill.FeaturePair;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.FunctionTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test outputs cached in a folder. */
class CachedOutputsTest {
    private static final Device CPU = Engine.device("cpu");

    @TempDir
    Path home;

    private final TwoViews data = new TwoViews(0);
    private final Learner big = learner(1);
    private final AtomicInteger computed = new AtomicInteger();
    private final List<String> log = new ArrayList<>();

    CachedOutputsTest() {
        big.model().onForward((module, input, output) -> {
            computed.incrementAndGet();
            return null;
        });
    }

    /** Provide toy data with two views of each row; data with another number has other images. */
    private static final class TwoViews extends GivenBatches.Forwarding {
        private final int number;

        TwoViews(int number) {
            super(Toy.data(2, 6));
            this.number = number;
        }

        @Override
        public int[] views() {
            return new int[] {0, 1};
        }

        @Override
        public DataLoader train(int epoch) {
            return super.train(epoch % 2);
        }

        @Override
        public DataLoader view(Split split, int view) {
            return view == Provenance.PLAIN ? evaluate(split) : super.train(view);
        }

        @Override
        public SampleKey[] keys(Provenance origin, int... indices) {
            return Arrays.stream(super.keys(origin, indices))
                    .map(key -> new SampleKey(key.high(), key.low() + 1000L * number))
                    .toArray(SampleKey[]::new);
        }
    }

    @AfterEach
    void close() {
        big.close();
        data.close();
    }

    private Learner learner(long seed) {
        return Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(seed)
                .precision("fp32")
                .build();
    }

    private ModuleTeacher plain() {
        return ModuleTeacher.of(big.model(), data.classNames()).withOwnPrecision(big.precision());
    }

    private CachedTeacher kept(String folder, Encoding encoding) {
        return CachedTeacher.onDisk(plain(), home.resolve(folder), encoding, log::add);
    }

    private float[] validation(Teacher teacher) {
        try (TeacherSession lesson = teacher.open(data, CPU)) {
            return lesson.predict(data, Split.VALID).outputs();
        }
    }

    private String taughtBy(Teacher teacher, FeaturePair... pairs) {
        try (Learner student = learner(2)) {
            var how = KnowledgeDistillation.from(teacher).weight(0.8).loss(new SoftTarget(4));
            for (FeaturePair pair : pairs) how.pair(pair);
            student.fit(4, 0.01, how.build());
            return student.model().sha256();
        }
    }

    private Path onlyChunk(String folder) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve(folder))) {
            List<Path> chunks =
                    files.filter(file -> file.toString().endsWith(".rows")).toList();
            assertThat(chunks).hasSize(1);
            return chunks.get(0);
        }
    }

    @Test
    void cachedOutputsAreServedBitForBitWithoutTheTeacher() {
        float[] live = validation(plain());
        assertThat(validation(kept("a", Encoding.FLOAT32))).isEqualTo(live);
        int before = computed.get();
        assertThat(validation(kept("a", Encoding.FLOAT32))).isEqualTo(live);
        assertThat(computed).hasValue(before);
        assertThat(log)
                .containsExactly(
                        "caching outputs in " + home.resolve("a") + ": up to 30 rows of 3 numbers as float32, 0.0 MB",
                        "6 cached outputs in " + home.resolve("a"));
    }

    @Test
    void aStudentLearnsTheSameFromCachedOutputsAsFromLiveOnes() {
        String live = taughtBy(plain());
        assertThat(taughtBy(kept("a", Encoding.FLOAT32))).as("filling").isEqualTo(live);
        int before = computed.get();
        assertThat(taughtBy(kept("a", Encoding.FLOAT32))).as("full").isEqualTo(live);
        assertThat(computed).hasValue(before);
    }

    @Test
    void featuresAreKeptToo() {
        FeaturePair pair = FeaturePair.of("conv", "bn").loss(new FitNet());
        String live = taughtBy(plain(), pair);
        assertThat(taughtBy(kept("a", Encoding.FLOAT32), pair)).as("filling").isEqualTo(live);
        // Only the probe of shapes and the validation rows, whose features are not cached, are still computed.
        int before = computed.get();
        assertThat(taughtBy(kept("a", Encoding.FLOAT32), pair)).as("full").isEqualTo(live);
        assertThat(computed).hasValue(before + 2);
        assertThat(log).anyMatch(line -> line.contains("up to 24 rows of 67 numbers"));
        assertThatThrownBy(() -> taughtBy(kept("a", Encoding.FLOAT32)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        home.resolve("a") + " caches features of bn, expected those of none; choose another folder");
        assertThatThrownBy(() -> taughtBy(kept("b", new Encoding(2, false)), pair))
                .hasMessage("features cannot be cached as top-2; use float16 or float32");
    }

    /** A session that only judges the teacher does not decide what a row of a folder holds. */
    @Test
    void aFolderWithFeaturesCanBeJudged() {
        TeacherContext judging = TeacherContext.of(data, CPU).judging();
        float[] live = validation(plain());
        FeaturePair pair = FeaturePair.of("conv", "bn").loss(new FitNet());
        for (String folder : List.of("empty", "filled")) {
            if (folder.equals("filled")) taughtBy(kept("a", Encoding.FLOAT32), pair);
            try (TeacherSession session = kept("a", Encoding.FLOAT32).open(judging)) {
                assertThat(session.predict(data, Split.VALID).outputs())
                        .as(folder)
                        .isEqualTo(live);
            }
        }
        taughtBy(kept("logits", Encoding.FLOAT32));
        int before = computed.get();
        try (TeacherSession session = kept("logits", Encoding.FLOAT32).open(judging)) {
            session.predict(data, Split.VALID);
        }
        assertThat(computed).as("outputs of a folder without features").hasValue(before);
    }

    @Test
    void featuresAreAskedForFirst() {
        try (TeacherSession lesson = kept("a", Encoding.FLOAT32).open(data, CPU);
                Scope scope = Scope.open();
                DataLoader batches = data.train(0)) {
            Batch batch = batches.next();
            lesson.compute(batch, Set.of());
            assertThatThrownBy(() -> lesson.compute(batch, Set.of("bn")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the cache in " + home.resolve("a") + " was opened for outputs without features, found "
                            + "features of bn; ask for the features first, and use another folder");
            assertThat(lesson.compute(batch, Set.of()).logits().shape()).containsExactly(6, 3);
        }
    }

    @Test
    void cacheWarmupComputesAllOutputsBeforeTheFirstStep() {
        KnowledgeDistillation how =
                KnowledgeDistillation.from(kept("a", Encoding.FLOAT32)).build();
        List<String> progress = new ArrayList<>();
        try (Learner student = learner(2)) {
            student.firstLoss(how, new CacheWarmup(how, (done, total) -> progress.add(done + "/" + total)));
        }
        assertThat(progress).containsExactly("6/24", "12/24", "18/24", "24/24");
        int before = computed.get();
        taughtBy(kept("a", Encoding.FLOAT32));
        assertThat(computed).hasValue(before);
    }

    @Test
    void answersOfOtherCircumstancesAreRefusedWithWhatDiffers() {
        validation(kept("a", Encoding.FLOAT32));
        String begin = home.resolve("a") + " caches outputs of other settings: ";
        String end = "; choose another folder, or delete that one";
        assertThatThrownBy(() -> validation(kept("a", Encoding.FLOAT16)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(begin + "numbers is float32 in the folder, now float16" + end);
        try (Learner other = learner(7)) {
            String there = big.model().sha256();
            String here = other.model().sha256();
            CachedTeacher stranger = CachedTeacher.onDisk(
                    ModuleTeacher.of(other.model(), data.classNames()).withOwnPrecision(big.precision()),
                    home.resolve("a"),
                    Encoding.FLOAT32,
                    log::add);
            assertThatThrownBy(() -> validation(stranger))
                    .hasMessage(begin + "teacher is " + there + " {} in the folder, now " + here + " {}" + end);
        }
        try (TwoViews others = new TwoViews(1);
                TeacherSession lesson = kept("a", Encoding.FLOAT32).open(others, CPU)) {
            assertThatThrownBy(() -> lesson.predict(others, Split.VALID))
                    .hasMessage(home.resolve("a") + " has 6 cached outputs, none for this data's rows" + end);
        }
    }

    @Test
    void whatCannotBeKeptIsSaidBeforeTheFirstStep() throws IOException {
        try (GivenBatches endless = Toy.data(2, 6)) {
            assertThatThrownBy(() -> kept("a", Encoding.FLOAT32).open(endless, CPU))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "training rows are augmented or mixed anew in each epoch, so cached outputs would never be "
                                    + "used again; set a number of views (augment.views, --augment-views 4), or turn the "
                                    + "cache off");
        }
        FunctionTeacher function =
                new FunctionTeacher("service", data.classNames(), inputs -> new float[inputs.rows() * 3]);
        CachedTeacher nobody = CachedTeacher.onDisk(function, home.resolve("b"), Encoding.FLOAT32, log::add);
        assertThatThrownBy(() -> nobody.open(data, CPU))
                .hasMessage("outputs of teacher service cannot be cached in a folder, because it has no fingerprint; "
                        + "turn the cache off, or, if it is a served model, name its version (…/versions/3)");
        Files.createDirectories(home.resolve("full"));
        Files.writeString(home.resolve("full/notes.txt"), "mine");
        assertThatThrownBy(() -> kept("full", Encoding.FLOAT32).open(data, CPU))
                .hasMessage(home.resolve("full") + " is not a cache folder: it has no facts.json; choose another one");
        Files.writeString(home.resolve("file"), "mine");
        assertThatThrownBy(() -> validation(kept("file", Encoding.FLOAT32)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(home.resolve("file").toString());
    }

    @Test
    void aDiskErrorStopsTheCacheAndNotTheTraining() throws IOException {
        float[] live = validation(plain());
        CachedTeacher kept = kept("a", Encoding.FLOAT32);
        try (TeacherSession lesson = kept.open(data, CPU)) {
            assertThat(lesson.predict(data, Split.VALID).outputs()).isEqualTo(live);
            assertThat(kept.hasWriteErrors()).isFalse();
            Files.delete(home.resolve("a/facts.json"));
            Files.delete(home.resolve("a"));
            Files.writeString(home.resolve("a"), "in the way");
        }
        assertThat(log).anyMatch(line -> line.endsWith("; no more outputs are cached"));
        assertThat(kept.hasWriteErrors()).isTrue();
        assertThat(home.resolve("a")).hasContent("in the way");
    }

    /**
     * A changed byte anywhere must be detected: the row is recomputed or the folder rejected, but never served wrongly.
     */
    @Test
    void noEditedByteIsServed() throws IOException {
        float[] live = validation(kept("a", Encoding.FLOAT32));
        Path chunk = onlyChunk("a");
        Path facts = home.resolve("a/facts.json");
        byte[] rows = Files.readAllBytes(chunk);
        byte[] said = Files.readAllBytes(facts);
        Random random = new Random(3);
        int refused = 0;
        int mended = 0;
        for (int i = 0; i < 1000; i++) {
            boolean ofFacts = i % 5 == 0;
            byte[] edited = (ofFacts ? said : rows).clone();
            int at = random.nextInt(edited.length);
            edited[at] ^= (byte) (1 + random.nextInt(255));
            Files.write(ofFacts ? facts : chunk, edited);
            log.clear();
            try {
                assertThat(validation(kept("a", Encoding.FLOAT32))).isEqualTo(live);
                if (!log.isEmpty() && log.get(0).contains("damaged")) mended++;
            } catch (LimbeckException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
                refused++;
            }
            try (Stream<Path> files = Files.list(home.resolve("a"))) {
                for (Path file : files.toList()) if (!file.equals(facts)) Files.delete(file);
            }
            Files.write(chunk, rows);
            Files.write(facts, said);
        }
        assertThat(mended).as("chunks found damaged").isEqualTo(800);
        assertThat(refused).as("folders refused for their facts").isGreaterThan(100);
    }

    @Test
    void aTruncatedChunkIsReportedAndRecomputed() throws IOException {
        float[] live = validation(kept("a", Encoding.FLOAT32));
        Path chunk = onlyChunk("a");
        byte[] rows = Files.readAllBytes(chunk);
        for (int length = 0; length < rows.length; length += 7) {
            Files.write(chunk, Arrays.copyOf(rows, length));
            log.clear();
            try (TeacherSession lesson = kept("a", Encoding.FLOAT32).open(data, CPU)) {
                assertThat(lesson.predict(data, Split.VALID).outputs()).isEqualTo(live);
            }
            assertThat(log.get(0))
                    .isEqualTo(chunk + " is damaged; its outputs are computed again, and the file may be deleted");
            try (Stream<Path> files = Files.list(home.resolve("a"))) {
                for (Path file : files.toList()) if (file.toString().endsWith(".rows")) Files.delete(file);
            }
        }
    }

    @Test
    void twoWritersDoNotHarmEachOther() {
        float[] live = validation(plain());
        try (TeacherSession one = kept("a", Encoding.FLOAT32).open(data, CPU);
                TeacherSession other = kept("a", Encoding.FLOAT32).open(data, CPU)) {
            assertThat(one.predict(data, Split.VALID).outputs()).isEqualTo(live);
            assertThat(other.predict(data, Split.VALID).outputs()).isEqualTo(live);
        }
        int before = computed.get();
        assertThat(validation(kept("a", Encoding.FLOAT32))).isEqualTo(live);
        assertThat(computed).hasValue(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"float16", "top-2", "top-1"})
    void smallerFormsKeepTheirPrecision(String form) {
        float[] live = validation(plain());
        CachedTeacher small = kept("a", Encoding.of(form));
        float[] found = validation(small);
        assertThat(validation(small)).as("read again").isEqualTo(found);
        for (int row = 0; row < 6; row++) {
            float[] expected = Arrays.copyOfRange(live, 3 * row, 3 * row + 3);
            float[] kept = Arrays.copyOfRange(found, 3 * row, 3 * row + 3);
            if (form.equals("float16")) {
                for (int c = 0; c < 3; c++) assertThat(kept[c]).isCloseTo(expected[c], within(0.001f * 4));
                continue;
            }
            // The most probable classes are unchanged; the others share the rest.
            int top = form.charAt(4) - '0';
            float[] sorted = expected.clone();
            Arrays.sort(sorted);
            double rest = 0;
            for (int c = 0; c < 3 - top; c++) rest += Math.exp(sorted[c]);
            for (int c = 0; c < 3; c++) {
                boolean first = expected[c] >= sorted[3 - top];
                assertThat(kept[c]).isCloseTo(first ? expected[c] : (float) Math.log(rest / (3 - top)), within(1e-5f));
            }
        }
        try (TeacherSession lesson = small.open(data, CPU)) {
            assertThat(lesson.facts().kind())
                    .isEqualTo(form.equals("float16") ? OutputKind.LOGITS : OutputKind.TOP_CLASSES);
        }
    }

    @Test
    void lossesThatNeedMoreThanTheLikeliestClassesAreRefused() {
        try (Learner student = learner(2)) {
            assertThatThrownBy(() -> student.fit(
                            1,
                            0.01,
                            KnowledgeDistillation.from(kept("a", Encoding.of("top-2")))
                                    .loss(new LogitMse())
                                    .build()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("LogitMse needs a teacher's logits, and tiny returns top classes only; use a loss such "
                            + "as SoftTarget or HardLabel");
        }
        assertThatThrownBy(() -> Encoding.of("int8"))
                .hasMessage("cached outputs must be float32, float16 or top-K such as top-5, found 'int8'");
        assertThatThrownBy(() -> validation(kept("b", Encoding.of("top-3"))))
                .hasMessage("the teacher has 3 classes; cache fewer than that, or use float16");
    }

    @Test
    void numbersTooLargeForHalfPrecisionAreRefused() {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> Encoding.FLOAT16.encode(Tensors.of(new float[] {1, 70_000}, 1, 2)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the teacher's outputs are too large for float16; use float32");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32", "float16", "top-1"})
    void numbersThatAreNotFiniteAreRefused(String form) {
        try (Scope scope = Scope.open()) {
            Tensor outputs = Tensors.of(new float[] {1, Float.NaN, Float.NEGATIVE_INFINITY, 2}, 2, 2);
            assertThatThrownBy(() -> Encoding.of(form).encode(outputs))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "the teacher's outputs must be finite numbers, found 2 of 4 NaN or infinite; check its weights"
                                    + " and its preprocessing");
        }
    }

    @Test
    void rowsOfUnknownOriginAreComputedAndNotCached() {
        try (Scope scope = Scope.open();
                TeacherSession lesson = kept("a", Encoding.FLOAT32).open(data, CPU)) {
            lesson.logits(Batch.of(Toy.images(0, 4, 1)));
        }
        assertThat(home.resolve("a")).doesNotExist();
    }
}
