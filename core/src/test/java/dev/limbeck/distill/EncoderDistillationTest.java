package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowAugmentation;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.data.text.WordDropout;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.HiddenCosine;
import dev.limbeck.distill.loss.HiddenStates;
import dev.limbeck.distill.loss.SelfAttention;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.loss.TokenLoss;
import dev.limbeck.distill.loss.ValueRelation;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.model.BackboneWeights;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Bert.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test distillation of small encoders on tokens, and students that start from some layers of a deeper encoder. */
class EncoderDistillationTest {
    private static final Path HUGGING_FACE =
            Path.of("src", "test", "resources", "dev", "limbeck", "model", "tiny-bert");
    private static final List<String> WORDS =
            List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "my", "card", "is", "lost", "late", "where", "?");
    private static final Architecture DEEP = encoder(4, 16, 4);
    private static final int ROWS = 24;

    @TempDir
    Path home;

    private RowData data;
    private Learner teacher;

    private static Architecture encoder(int layers, long width, long heads) {
        return new Bert.Size(layers, width, heads, 2 * width, 24, Pooling.MEAN).architecture();
    }

    @BeforeEach
    void open() throws IOException {
        data = data(WORDS, 24);
        teacher = Learner.builder(data, DEEP).seed(1).precision("fp32").build();
    }

    @AfterEach
    void close() {
        teacher.close();
        data.close();
    }

    /** Read texts of one to six words, so that every batch is padded. */
    private RowData data(List<String> vocabulary, int most) throws IOException {
        return data(vocabulary, most, null);
    }

    private RowData data(List<String> vocabulary, int most, @Nullable RowAugmentation changes) throws IOException {
        StringBuilder text = new StringBuilder("text,k\n");
        for (int i = 0; i < ROWS; i++) {
            int at = i;
            List<String> words = IntStream.range(0, 1 + i % 6)
                    .mapToObj(word -> WORDS.get(4 + (at + word) % 7))
                    .toList();
            text.append(String.join(" ", words)).append(i % 2 == 0 ? ",x\n" : ",y\n");
        }
        Path file = Files.writeString(home.resolve("rows.csv"), text);
        Rows rows = Rows.read(RowFiles.of(file), List.of("k"), Task.Kind.SINGLE_LABEL, Set.of(), line -> {});
        WordPiece tokens = new WordPiece(vocabulary, WordPiece.Rules.uncased(), most);
        TextEncoding encoding = new TextEncoding(new TextPreprocessing("text", tokens));
        return new RowData(rows, new SplitSettings(1, 0, 0, 0, false, false), 6, plan -> encoding, changes);
    }

    private Learner student(Architecture architecture) {
        return Learner.builder(data, architecture).seed(2).precision("fp32").build();
    }

    private static FeaturePair auto(FeatureLoss loss) {
        return FeaturePair.matched().loss(loss);
    }

    @Test
    void lossesFindTheLayersOfEncoders() {
        try (Learner student = student(encoder(2, 8, 2))) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .loss(new SoftTarget())
                    .pair(auto(new HiddenStates()))
                    .pair(auto(new HiddenCosine()))
                    .pair(auto(new SelfAttention(4)))
                    .pair(auto(new ValueRelation(2)))
                    .build();
            EpochRecord row = student.fit(1, 1e-3, distillation).get(0);
            String layer = "bert.encoder.layer.";
            assertThat(distillation.plan())
                    .containsExactly(
                            "pair " + layer + "0/" + layer + "1: tokens×8 → tokens×16 by HiddenStates through linear, "
                                    + "144 parameters",
                            "pair " + layer + "1/" + layer + "3: tokens×8 → tokens×16 by HiddenStates through linear, "
                                    + "144 parameters",
                            "pair " + layer + "1/" + layer + "3: tokens×8 → tokens×16 by HiddenCosine through linear, "
                                    + "144 parameters",
                            "pair " + layer + "1.attention.self.query/" + layer + "3.attention.self.query: tokens×8 → "
                                    + "tokens×16 by SelfAttention",
                            "pair " + layer + "1.attention.self.key/" + layer + "3.attention.self.key: tokens×8 → "
                                    + "tokens×16 by SelfAttention",
                            "pair " + layer + "1.attention.self.value/" + layer + "3.attention.self.value: tokens×8 → "
                                    + "tokens×16 by ValueRelation");
            assertThat(row.terms())
                    .hasSize(7)
                    .allSatisfy((name, value) ->
                            assertThat(value).as(name).isFinite().isPositive());
            assertThat(student.model().hookCount() + teacher.model().hookCount())
                    .isZero();
        }
    }

    /** Record what a loss gets, and check that it is what the batch has. */
    private record Watching(List<String> seen) implements TokenLoss {
        @Override
        public Needs needs() {
            return Needs.NOTHING;
        }

        @Override
        public List<String> parts() {
            return List.of("");
        }

        @Override
        public Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask) {
            seen.add(Tensors.shapeText(student.get(0).shape()) + " "
                    + Tensors.shapeText(teacher.get(0).shape()) + " " + Tensors.shapeText(mask.shape()) + " "
                    + mask.sum().item_long());
            return student.get(0).mean(1, 2);
        }
    }

    @Test
    void theMaskIsThatOfTheTokensOfTheRowsThatCount() {
        List<String> seen = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        try (Learner student = student(encoder(1, 8, 2))) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .pair(auto(new Watching(seen)))
                    // The first two rows of a batch count.
                    .sampleWeights(step -> Tensors.of(new double[] {1, 1, 0, 0, 0, 0}, 6))
                    .build();
            student.fit(1, 1e-3, distillation, new Callback() {
                @Override
                public void beforeBatch(TrainStep step) {
                    Tensor ids = step.batch().input();
                    long length = ids.size(1);
                    long tokens = Ops.ne(ids.narrow(0, 0, 2), 0).sum().item_long();
                    expected.add("2×" + length + "×8 2×" + length + "×16 2×" + length + " " + tokens);
                }
            });
        }
        assertThat(seen).hasSize(ROWS / 6).containsExactlyElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "11 | reads .* most=24 vocabulary of 11 words, .*, the teacher .* most=24 vocabulary of 12 words, .*",
                "0 | reads .* most=24 vocabulary of 11 words, .*, the teacher .* most=24 vocabulary of 11 words, .*",
                "5 | reads .* most=24 vocabulary of 11 words, .*, the teacher .* most=5 vocabulary of 11 words, .*"
            })
    void networksThatReadOtherTokensAreRefusedInOneLine(int change, String message) throws IOException {
        List<String> words = new ArrayList<>(WORDS);
        // A longer vocabulary, an equal one in another order, or a shorter limit.
        if (change == 11) words.add("more");
        if (change == 0)
            words = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "card", "my", "is", "lost", "late", "where", "?");
        try (RowData others = data(words, change == 5 ? 5 : 24);
                Learner of = Learner.builder(others, DEEP).seed(1).build();
                Learner student = student(encoder(1, 8, 2))) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(of)
                    .pair(auto(new HiddenStates()))
                    .build();
            assertThatThrownBy(() -> student.fit(1, 1e-3, distillation))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageMatching("losses on tokens compare the same tokens, but the student " + message
                            + "; give both one tokenizer and one limit \\(--tokenizer, --max-tokens\\)");
        }
    }

    /** The teacher reads whole texts, so its tokens are others. */
    @Test
    void wordDropoutIsRefusedInOneLine() throws IOException {
        try (RowData fewer = data(WORDS, 24, new WordDropout(0.5));
                Learner student = Learner.builder(fewer, encoder(1, 8, 2)).build()) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .pair(auto(new HiddenStates()))
                    .build();
            assertThatThrownBy(() -> student.fit(1, 1e-3, distillation))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageEndingWith("leave word dropout (--word-dropout) out");
        }
    }

    @Test
    void tokensOfPaddedBatchesAreNotCachedInAFolder() {
        try (Learner student = student(encoder(1, 8, 2))) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(CachedTeacher.onDisk(
                            ModuleTeacher.of(teacher), home.resolve("cache"), Encoding.FLOAT32, line -> {}))
                    .pair(auto(new HiddenStates()))
                    .build();
            assertThatThrownBy(() -> student.fit(1, 1e-3, distillation))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith(
                            "features of tokens (bert.encoder.layer.3) cannot be cached in a folder, because texts are ");
        }
    }

    private Path saved() {
        Path file = home.resolve("teacher.safetensors");
        teacher.save(file);
        return file;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"2 | | 0, 2", "2 | 1,3 | 1, 3", "3 | | 0, 1, 2", "1 | | 0", "4 | | ", "4 | 0,1,2,3 | 0, 1, 2, 3"})
    void aShallowerStudentStartsFromLayersOfItsTeacher(int layers, String chosen, String expected) {
        List<Integer> kept = chosen == null ? null : numbers(chosen);
        List<String> log = new ArrayList<>();
        try (Learner student = Learner.builder(data, encoder(layers, 16, 4))
                .weights(saved())
                .weightsLayers(kept)
                .log(log::add)
                .seed(5)
                .build()) {
            List<Integer> from = numbers(expected == null ? "0,1,2,3" : expected);
            Map<String, Tensor> theirs = teacher.model().parameters();
            Map<String, Tensor> ours = student.model().parameters();
            int equal = 0;
            for (Map.Entry<String, Tensor> own : ours.entrySet()) {
                if (own.getKey().startsWith("classifier")) continue;
                String name = own.getKey();
                for (int i = 0; i < layers; i++) {
                    if (name.startsWith("bert.encoder.layer." + i + ".")) {
                        name = name.replace(".layer." + i + ".", ".layer." + from.get(i) + ".");
                        break;
                    }
                }
                assertThat(Tensors.toFloats(own.getValue()))
                        .as(own.getKey())
                        .containsExactly(Tensors.toFloats(theirs.get(name)));
                equal++;
            }
            assertThat(equal).isEqualTo(5 + 16 * layers);
            assertThat(Tensors.toFloats(ours.get("classifier.weight")))
                    .isNotEqualTo(Tensors.toFloats(theirs.get("classifier.weight")));
            String own = String.join(
                    ", ", IntStream.range(0, layers).mapToObj(String::valueOf).toList());
            String plan = expected == null
                    ? ""
                    : "; layers " + own + " start from layers " + expected + " of 4; random at first: classifier";
            assertThat(log)
                    .containsExactly(equal + " tensors read from " + home.resolve("teacher.safetensors") + plan
                            + "; its classifier of 2 classes is ignored");
        }
    }

    private static List<Integer> numbers(String text) {
        return Arrays.stream(text.split(","))
                .map(String::trim)
                .map(Integer::valueOf)
                .toList();
    }

    @Test
    void layersOfAFolderOfTransformers() {
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 30, 0, InputSpec.FREE));
        for (int layer : new int[] {0, 1}) {
            Architecture one = new Bert.Size(1, 8, 2, 32, 24, Pooling.TANH).architecture();
            Architecture two = new Bert.Size(2, 8, 2, 32, 24, Pooling.TANH).architecture();
            try (Module whole = two.create(3, inputs);
                    Module network = one.create(3, inputs)) {
                load(null, whole, two);
                String said = load(layer == 0 ? null : List.of(layer), network, one);
                assertThat(said)
                        .contains("; layers 0 start from layers " + layer + " of 2; random at first: classifier")
                        .doesNotContain("encoder.layer");
                network.parameters().forEach((name, value) -> {
                    if (name.startsWith("classifier")) return;
                    assertThat(Tensors.toFloats(value))
                            .as(name)
                            .containsExactly(Tensors.toFloats(
                                    whole.parameters().get(name.replace(".layer.0.", ".layer." + layer + "."))));
                });
            }
        }
    }

    private static String load(List<Integer> layers, Module network, Architecture architecture) {
        return BackboneWeights.load(HUGGING_FACE, null, layers, network, architecture);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "6 | 16 | 4 | | has 4 layers of an encoder, bert-L6-H16-A4-I32-P24-mean needs 6; choose a student with at most 4 layers",
                "2 | 16 | 2 | | has no weights of bert-L2-H16-A2-I32-P24-mean: expected 2 heads, found 4; set the architecture",
                "2 | 8 | 4 | | has no weights of bert-L2-H8-A4-I16-P24-mean: expected bert.embeddings.word_embeddings.weight 11×8, found 11×16; use a file",
                "2 | 16 | 4 | 0,4 | must name 2 layers from 0 to 3 in ascending order, one for each layer of bert-L2-H16-A4-I32-P24-mean, found 0, 4",
                "2 | 16 | 4 | 2,0 | in ascending order, one for each layer of bert-L2-H16-A4-I32-P24-mean, found 2, 0",
                "2 | 16 | 4 | 0 | must name 2 layers from 0 to 3"
            })
    void whatHasNoSuchLayersIsOneLine(int layers, long width, long heads, String chosen, String message) {
        assertThatThrownBy(() -> Learner.builder(data, encoder(layers, width, heads))
                        .weights(saved())
                        .weightsLayers(chosen == null ? null : numbers(chosen))
                        .build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void anotherVocabularyIsOneLine() throws IOException {
        List<String> words = new ArrayList<>(WORDS);
        words.add("more");
        Path file = saved();
        try (RowData others = data(words, 24)) {
            assertThatThrownBy(() -> Learner.builder(others, encoder(2, 16, 4))
                            .weights(file)
                            .build())
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(
                            "expected bert.embeddings.word_embeddings.weight 12×16, found 11×16; use a file");
        }
    }

    /** Dropout of attention weights draws from the generator that a checkpoint restores. */
    @Test
    void aResumedStudentEndsAtTheSameBits() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        Path file = saved();
        String whole = train(file, checkpoint, Integer.MAX_VALUE, false);
        assertThatThrownBy(() -> train(file, checkpoint, ROWS / 6 + 1, false)).hasMessageContaining("interrupted");
        assertThat(train(file, checkpoint, Integer.MAX_VALUE, true)).isEqualTo(whole);
    }

    private String train(Path file, Path checkpoint, int steps, boolean resumes) {
        try (Learner student = Learner.builder(data, encoder(2, 16, 4))
                .weights(file)
                .seed(2)
                .precision("fp32")
                .build()) {
            student.unfreeze();
            if (resumes) student.resume(checkpoint);
            KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                    .pair(auto(new HiddenStates()).adapter(Adapter.LINEAR))
                    .pair(auto(new ValueRelation(4)))
                    .build();
            student.fit(3, 1e-3, distillation, new Checkpoint(checkpoint), new Callback() {
                private int left = steps;

                @Override
                public void afterForward(TrainStep step) {
                    if (left-- == 0) throw new IllegalStateException("interrupted");
                }
            });
            return student.model().sha256();
        }
    }

    /** In training, attention weights have dropout; evaluation and scripts have none, and are the same as before. */
    @Test
    void attentionHasDropoutInTrainingOnly() {
        List<InputSpec> inputs = data.inputs();
        try (Module network = encoder(1, 8, 2).create(2, inputs);
                Script script = ScriptWriter.compile(network);
                Scope scope = Scope.open()) {
            Tensor ids = Tensors.of(new long[] {2, 4, 5, 6, 3, 2, 7, 3, 0, 0}, 2, 5);
            float[] evaluated = Tensors.toFloats(network.predict(Inputs.of(ids)));
            assertThat(Tensors.toFloats(network.predict(Inputs.of(ids)))).containsExactly(evaluated);
            float[] scripted = Tensors.toFloats(script.forward(ids));
            for (int i = 0; i < evaluated.length; i++) assertThat(scripted[i]).isCloseTo(evaluated[i], within(1e-6f));
            // The mean over the tokens of what attention gives, without any other dropout.
            network.eval();
            Module attention = network.module("bert.encoder.layer.0.attention.self");
            float[] plain = mixed(network, ids);
            attention.train();
            Tensors.seed(3);
            float[] first = mixed(network, ids);
            assertThat(mixed(network, ids)).isNotEqualTo(first);
            Tensors.seed(3);
            assertThat(mixed(network, ids)).containsExactly(first);
            double[] mean = new double[plain.length];
            int draws = 1000;
            for (int i = 0; i < draws; i++) {
                try (Scope inner = Scope.open()) {
                    float[] one = mixed(network, ids);
                    for (int k = 0; k < mean.length; k++) mean[k] += one[k] / (double) draws;
                }
            }
            // Σ wᵢ·vᵢ with weights that sum to 1: a standard deviation of at most |v|·√(0.1/0.9) for one draw.
            double largest = 0;
            for (float value : plain) largest = Math.max(largest, Math.abs(value));
            for (int k = 0; k < mean.length; k++) {
                assertThat(mean[k]).isCloseTo(plain[k], within(0.1 * largest));
            }
        }
    }

    private static float[] mixed(Module network, Tensor ids) {
        try (Capture capture = Capture.of(network, List.of("bert.encoder.layer.0.attention.self"))) {
            capture.start();
            network.apply(ids);
            return Tensors.toFloats(capture.get("bert.encoder.layer.0.attention.self"));
        }
    }
}
