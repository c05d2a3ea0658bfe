package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowAugmentation;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.data.text.WordDropout;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test losses on features of networks that read texts, whose batches differ in length and are padded. */
class TextFeatureTest {
    private static final List<String> WORDS =
            List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "my", "card", "is", "lost", "late", "where", "?");
    private static final Architecture STUDENT = Zoo.byName("text-cnn-6");
    private static final Architecture TEACHER = Zoo.byName("text-cnn-9");
    private static final int BATCH = 6;

    @TempDir
    Path home;

    private RowData data;

    @BeforeEach
    void open() throws IOException {
        data = data(WORDS, 24, null);
    }

    @AfterEach
    void close() {
        data.close();
    }

    /** Read texts of 7 to 16 tokens: with six in a batch, the longest have 12 and 16, which is a square. */
    private RowData data(List<String> vocabulary, int most, @Nullable RowAugmentation changes) throws IOException {
        int[] words = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14};
        StringBuilder text = new StringBuilder("text,k\n");
        for (int i = 0; i < words.length; i++) {
            int at = i;
            List<String> row = IntStream.range(0, words[i])
                    .mapToObj(word -> WORDS.get(4 + (at + word * word) % 7))
                    .toList();
            text.append(String.join(" ", row)).append(i % 2 == 0 ? ",x\n" : ",y\n");
        }
        Path file = Files.writeString(home.resolve("rows.csv"), text);
        Rows rows = Rows.read(RowFiles.of(file), List.of("k"), Task.Kind.SINGLE_LABEL, Set.of(), line -> {});
        WordPiece tokens = new WordPiece(vocabulary, WordPiece.Rules.uncased(), most);
        TextEncoding encoding = new TextEncoding(new TextPreprocessing("text", tokens));
        return new RowData(rows, new SplitSettings(1, 0, 0, 0, false, false), BATCH, plan -> encoding, changes);
    }

    private static Learner learner(RowData data, Architecture architecture, long seed) {
        return Learner.builder(data, architecture).seed(seed).precision("fp32").build();
    }

    /** Show what a loss gets. */
    private record Watching(List<float[][]> student, List<float[][]> teacher) implements FeatureLoss {
        @Override
        public Needs needs() {
            return Needs.NOTHING;
        }

        @Override
        public Bound bind(Shapes shapes) {
            return features -> {
                student.add(values(features.student().get(0)));
                teacher.add(values(features.teacher().get(0)));
                return features.student().get(0).mean(1);
            };
        }
    }

    private static float[][] values(Tensor features) {
        assertThat(features.dim()).isEqualTo(2);
        float[] all = Tensors.toFloats(features);
        int width = (int) features.size(1);
        return IntStream.range(0, (int) features.size(0))
                .mapToObj(row -> Arrays.copyOfRange(all, row * width, (row + 1) * width))
                .toArray(float[][]::new);
    }

    /** Return the mean of the rows of a text-cnn's embedding for each text. */
    private static double[][] means(Module network, Tensor ids) {
        Tensor weight = network.parameters().get("embedding.weight");
        int width = (int) weight.size(1);
        float[] rows = Tensors.toFloats(weight);
        long[] read = Tensors.toLongs(ids);
        int length = (int) ids.size(1);
        double[][] means = new double[read.length / length][width];
        for (int text = 0; text < means.length; text++) {
            int count = 0;
            for (int i = 0; i < length; i++) {
                int id = (int) read[text * length + i];
                if (id == 0) continue;
                count++;
                for (int c = 0; c < width; c++) means[text][c] += rows[id * width + c];
            }
            for (int c = 0; c < width; c++) means[text][c] /= count;
        }
        return means;
    }

    private static void assertAre(float[][] found, double[][] expected) {
        assertThat(found).hasDimensions(expected.length, expected[0].length);
        for (int row = 0; row < expected.length; row++) {
            for (int c = 0; c < expected[0].length; c++) {
                assertThat((double) found[row][c]).isEqualTo(expected[row][c], within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"same, false", "same, true", "vocabulary, false", "vocabulary, true", "limit, false", "dropout, false"})
    void tokensAreAveragedWithoutPadding(String other, boolean cached) throws IOException {
        List<String> words = new ArrayList<>(WORDS);
        if (other.equals("vocabulary")) {
            // The teacher splits other words, so its texts are longer.
            words.removeAll(List.of("card", "where"));
            words.addAll(List.of("ca", "##rd", "w", "##he", "##re"));
        }
        RowAugmentation changes = other.equals("dropout") ? new WordDropout(0.4) : null;
        int most = other.equals("limit") ? 10 : other.equals("vocabulary") ? 40 : 24;
        try (RowData ours = data(WORDS, 24, changes);
                RowData theirs = data(words, most, null);
                Learner teacher = learner(other.equals("same") ? data : theirs, TEACHER, 1);
                Learner student = learner(other.equals("same") ? data : ours, STUDENT, 2)) {
            Watching watching = new Watching(new ArrayList<>(), new ArrayList<>());
            Set<Long> lengths = new TreeSet<>();
            ModuleTeacher plain = ModuleTeacher.of(teacher);
            KnowledgeDistillation distillation = KnowledgeDistillation.from(
                            cached ? CachedTeacher.inMemory(plain, 1000) : plain)
                    .pair(FeaturePair.of("embedding", "embedding").loss(watching))
                    .build();
            student.fit(2, 1e-3, distillation, new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    int[] rows = step.batch().indices();
                    Tensor read = step.batch().input();
                    lengths.add(read.size(1));
                    assertAre(last(watching.student), means(student.model(), read));
                    assertAre(last(watching.teacher), means(teacher.model(), ids(teacher, rows)));
                }
            });
            assertThat(watching.student).hasSize(4);
            if (!other.equals("dropout")) assertThat(lengths).containsExactly(12L, 16L);
            assertThat(distillation.plan()).containsExactly("pair embedding: tokens×6 → tokens×9 by Watching");
        }
    }

    private static float[][] last(List<float[][]> all) {
        return all.get(all.size() - 1);
    }

    /** Return rows of a learner's own data. */
    private static Tensor ids(Learner of, int... rows) {
        long[][] all = new long[rows.length][];
        try (DataLoader batches = of.data().evaluate(Split.TRAIN)) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    long[] ids = Tensors.toLongs(batch.input());
                    int length = (int) batch.input().size(1);
                    for (int i = 0; i < batch.size(); i++) {
                        for (int row = 0; row < rows.length; row++) {
                            if (rows[row] == batch.indices()[i]) {
                                all[row] = Arrays.copyOfRange(ids, i * length, (i + 1) * length);
                            }
                        }
                    }
                }
            }
        }
        int most = Arrays.stream(all).mapToInt(row -> row.length).max().orElseThrow();
        long[] joined = new long[rows.length * most];
        for (int row = 0; row < rows.length; row++) System.arraycopy(all[row], 0, joined, row * most, all[row].length);
        return Tensors.of(joined, rows.length, most);
    }

    /** What a convolution gives for padding is no token, and channels are no tokens. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "conv3 | embedding | layer 'conv3' returns 2×6×10 for texts of 8 tokens, and 2×6×14 for 12; a layer of texts must give rows×channels or rows×tokens×channels, so choose another",
                "embedding | conv5 | layer 'conv5' returns 2×9×12 for texts of 8 tokens, and 2×9×16 for 12; a layer",
                "auto | auto | auto pairs feature maps, and texts have none (the student); name the layers, or use losses on logits or tokens",
            })
    void whatIsNoTokenIsRefusedInOneLine(String own, String other, String message) {
        try (Learner teacher = learner(data, TEACHER, 1);
                Learner student = learner(data, STUDENT, 2)) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .pair(FeaturePair.of(own, other))
                    .build();
            assertThatThrownBy(() -> student.fit(1, 1e-3, distillation))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith(message);
        }
    }

    /** The exit of a text is that of its tokens: other texts in the batch, which decide on its length, have no part. */
    @Test
    void exitsOfTextsDoNotSeePadding() {
        try (Learner student = learner(data, STUDENT, 2)) {
            SelfDistillation exits = SelfDistillation.at("embedding");
            student.fit(1, 1e-3, exits, new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    double[][] means = means(student.model(), step.batch().input());
                    float[] weight = Tensors.toFloats(exits.parameters().get("exit.embedding.weight"));
                    float[] bias = Tensors.toFloats(exits.parameters().get("exit.embedding.bias"));
                    long[] labels = Tensors.toLongs(step.batch().labels());
                    double loss = 0;
                    for (int row = 0; row < means.length; row++) {
                        double[] logits = {bias[0], bias[1]};
                        for (int c = 0; c < 6; c++) {
                            for (int k = 0; k < 2; k++) logits[k] += weight[6 * k + c] * means[row][c];
                        }
                        int label = (int) labels[row];
                        loss += Math.log1p(Math.exp(logits[1 - label] - logits[label])) / means.length;
                    }
                    assertThat(step.term("exit embedding").item_double()).isEqualTo(loss, within(1e-5));
                }
            });
            assertThatThrownBy(() -> student.fit(1, 1e-3, SelfDistillation.at("conv3")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("layer 'conv3' returns 2×6×10 for texts of 8 tokens, and 2×6×14 for 12; ");
        }
    }

    @Test
    void vectorsOfTextsAreComparedAsTheyAre() {
        try (Learner teacher = learner(data, TEACHER, 1);
                Learner student = learner(data, STUDENT, 2)) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .pair(FeaturePair.of("classifier:input", "classifier:input").loss(new FitNet()))
                    .pair(FeaturePair.of("embedding", "classifier:input").loss(new FitNet()))
                    .build();
            student.fit(2, 1e-3, distillation);
            assertThat(distillation.plan())
                    .containsExactly(
                            "pair classifier:input: 18 → 27 by FitNet through linear, 513 parameters",
                            "pair embedding/classifier:input: tokens×6 → 27 by FitNet through linear, 189 parameters");
        }
    }
}
