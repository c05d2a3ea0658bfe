package dev.limbeck.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Mixing;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.data.text.WordDropout;
import dev.limbeck.table.RawTable;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.HashedWords;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.WordPiece;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RowDataTest {
    private static final SplitSettings SPLITS = new SplitSettings(1, 0, 0, 0, false, false);

    @TempDir
    Path home;

    private Rows rows(String text, String label) throws IOException {
        Path file = Files.writeString(home.resolve("rows.csv"), text);
        return Rows.read(RowFiles.of(file), List.of(label), Task.Kind.SINGLE_LABEL, Set.of(), line -> {});
    }

    private static TablePreprocessing table(Rows rows, String... columns) {
        List<String> header = List.of(columns);
        List<String[]> cells = IntStream.range(0, rows.size())
                .mapToObj(row -> header.stream()
                        .map(name -> rows.cells(row)[rows.header().indexOf(name)])
                        .toArray(String[]::new))
                .toList();
        return TablePreprocessing.fit(header, cells, Set.of(), Set.of(), line -> {});
    }

    @Test
    void countersAreColumnsThatGoUpByOneInEachRow() throws IOException {
        StringBuilder text = new StringBuilder("zero,late,float,gap,down,word,big,k\n");
        for (int i = 0; i < 21; i++) {
            text.append(String.join(
                            ",",
                            "" + i,
                            "" + (1000 + i),
                            (1 + i) + ".0",
                            "" + (i < 20 ? i : 21),
                            "" + -i,
                            "r" + i,
                            "99999999999999999999" + i,
                            i % 2 == 0 ? "x" : "y"))
                    .append('\n');
        }
        assertThat(rows(text.toString(), "k").counters()).containsExactly("zero", "late", "float");
        String fewer = text.substring(0, text.lastIndexOf("\n20,") + 1);
        assertThat(rows(fewer, "k").counters()).isEmpty();
    }

    /** What is mixed for the student is mixed for a teacher that reads other columns. */
    @Test
    void mixedRowsAreMixedInEveryView() throws IOException {
        Rows rows = rows("a,b,k\n1,5,x\n2,6,y\n4,9,x\n", "k");
        TablePreprocessing own = table(rows, "a", "b");
        TablePreprocessing theirs = table(rows, "b");
        try (Scope scope = Scope.open();
                RowData data = new RowData(rows, SPLITS, 3, plan -> new TableEncoding(own));
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            Batch batch = batches.next();
            assertThat(batch).isNotNull();
            // Each row with the one before it.
            int count = batch.size();
            int[] partners =
                    IntStream.range(0, count).map(i -> (i + count - 1) % count).toArray();
            double[] shares = new double[count];
            Arrays.fill(shares, 0.25);
            Batch halved = new Batch(
                    batch.inputs(),
                    batch.targets(),
                    batch.indices(),
                    new Provenance(Split.TRAIN, 0, new Mixing(partners, shares)),
                    batch.targets());
            Inputs plain = data.alternateView(theirs).inputs(batch);
            Inputs mixed = data.alternateView(theirs).inputs(halved);
            float[] rowsOfPlain = Tensors.toFloats(plain.only());
            int width = rowsOfPlain.length / count;
            float[] expected = new float[rowsOfPlain.length];
            for (int i = 0; i < expected.length; i++) {
                int other = partners[i / width] * width + i % width;
                expected[i] = 0.25f * rowsOfPlain[i] + 0.75f * rowsOfPlain[other];
            }
            assertThat(Tensors.toFloats(mixed.only())).containsExactly(expected, within(1e-6f));
            Preprocessing text = new TextPreprocessing("b", HashedWords.defaults());
            assertThat(data.alternateView(text).inputs(batch).names()).containsExactly("ids");
            assertThatThrownBy(() -> data.alternateView(text).inputs(halved))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("leave mixup out");
        }
    }

    /** A teacher of texts was trained with a column of another name. */
    @Test
    void aTeacherOfTextsReadsTheStudentsText() throws IOException {
        Rows rows = rows("review,title,k\none two,three,x\nfour,five six,y\n", "k");
        TextEncoding own = new TextEncoding(TextPreprocessing.of("review"));
        Tokenizer words = HashedWords.defaults().ordered();
        Preprocessing theirs = new TextPreprocessing("text", words);
        Preprocessing title = new TextPreprocessing("title", words);
        try (Scope scope = Scope.open();
                RowData data = new RowData(rows, SPLITS, 2, plan -> own);
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            Batch batch = batches.next();
            AlternateView view = data.alternateView(theirs);
            Preprocessing found = view.preprocessing(theirs);
            assertThat(found).isEqualTo(new TextPreprocessing("review", words));
            assertThat(Tensors.toLongs(view.inputs(batch).only()))
                    .isEqualTo(Tensors.toLongs(
                            data.alternateView(found).inputs(batch).only()));
            assertThat(data.alternateView(title).preprocessing(title)).isEqualTo(title);
            assertThat(data.alternateView(own.preprocessing()).preprocessing(own.preprocessing()))
                    .isEqualTo(own.preprocessing());
        }
        TablePreprocessing both = table(rows, "review", "title");
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> new TableEncoding(both))) {
            assertThatThrownBy(() -> data.alternateView(theirs))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("must have the column 'text', found 'review', 'title'");
        }
        Rows single = rows("review,k\none two,x\nfour,y\n", "k");
        StreamedRows streamed =
                new StreamedRows(single.header(), new TextEncoding((TextPreprocessing) theirs), xOrY(), 2);
        assertThat(streamed.preprocessing()).isEqualTo(new TextPreprocessing("review", words));
        assertThat(streamed.alternateView(theirs).preprocessing(theirs)).isEqualTo(streamed.preprocessing());
    }

    private static Task xOrY() {
        return new Task.SingleLabel(List.of("x", "y"));
    }

    /** Readers of one file may order its columns otherwise, as Spark's of JSON does. */
    @Test
    void keysAreThoseOfCellsWhateverTheOrderOfColumns() throws IOException {
        Rows rows = rows("b,a,k\n1,2,x\n2,1,y\n", "k");
        Provenance origin = new Provenance(Split.TRAIN, Provenance.PLAIN);
        TableEncoding table = new TableEncoding(table(rows, "a"));
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> table);
                StreamedRows sorted = new StreamedRows(List.of("a", "b"), table, xOrY(), 2)) {
            sorted.hold(List.of(sorted.prepare(new String[] {"2", "1"}), sorted.prepare(new String[] {"1", "2"})));
            assertThat(sorted.keys(origin, 0, 1))
                    .isEqualTo(data.keys(origin, 0, 1))
                    .doesNotHaveDuplicates();
            assertThat(data.cacheKey())
                    .as("folders of other keys are refused")
                    .containsEntry("columns", "by name")
                    .isEqualTo(sorted.cacheKey());
        }
    }

    /** A model that reads columns by their order has other outputs for the same cells in another order. */
    @Test
    void aModelOfCellsAsTheyAreNamesTheColumnsThatItGets() throws IOException {
        RawTable raw = new RawTable(List.of(new RawTable.Input("X", RawTable.Type.NUMBER, RawTable.ANY)), List.of());
        List<String> found = new ArrayList<>();
        for (String header : List.of("a,b", "b,a")) {
            Rows rows = rows(header + ",k\n1,2,x\n2,1,y\n", "k");
            try (RowData data = new RowData(rows, SPLITS, 2, plan -> new TableEncoding(table(rows, "a", "b")))) {
                found.add(data.alternateView(raw).preprocessing(raw).identity());
            }
        }
        assertThat(found).doesNotHaveDuplicates().allMatch(words -> words.contains("raw_columns"));
    }

    static Stream<Tokenizer> inOrder() {
        List<String> words = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "word");
        return Stream.of(
                new WordPiece(words, WordPiece.Rules.uncased(), 64),
                HashedWords.defaults().ordered());
    }

    /** Each epoch has all rows once, in batches of similar lengths, and in another order. */
    @ParameterizedTest
    @MethodSource("inOrder")
    void trainingBatchesHaveTextsOfSimilarLength(Tokenizer tokens) throws IOException {
        StringBuilder text = new StringBuilder("text,k\n");
        for (int i = 0; i < 400; i++) text.append("word ".repeat(1 + i % 20)).append(i % 2 == 0 ? ",x\n" : ",y\n");
        Rows rows = rows(text.toString(), "k");
        TextEncoding words = new TextEncoding(new TextPreprocessing("text", tokens));
        try (RowData data = new RowData(rows, SPLITS, 10, plan -> words)) {
            List<List<Integer>> epochs = new ArrayList<>();
            long padded = 0;
            for (int epoch = 0; epoch < 2; epoch++) {
                List<Integer> seen = new ArrayList<>();
                try (DataLoader batches = data.train(epoch);
                        Scope scope = Scope.open()) {
                    for (Batch batch = batches.next(); batch != null; batch = batches.next()) {
                        for (int index : batch.indices()) seen.add(index);
                        padded += batch.input().size(1) * batch.size();
                    }
                }
                epochs.add(seen);
            }
            assertThat(epochs.get(0)).doesNotHaveDuplicates().hasSize(400).isNotEqualTo(epochs.get(1));
            assertThat(epochs.get(1)).containsExactlyInAnyOrderElementsOf(epochs.get(0));
            long needed = 2L
                    * IntStream.range(0, 400)
                            .mapToObj(i -> words.encode(rows.cells(i)[0]).ids().length)
                            .mapToInt(Integer::intValue)
                            .sum();
            assertThat(padded).isLessThan(needed * 11 / 10);
        }
    }

    /** Words are left out anew in each epoch; a teacher of the same inputs, validation and cached outputs see whole texts. */
    @Test
    void wordsAreLeftOutOfTrainingTextsOnly() throws IOException {
        Rows rows = rows("text,k\n" + "one two three four five six seven eight,x\nnine,y\n".repeat(100), "k");
        TextEncoding words = new TextEncoding(
                new TextPreprocessing("text", HashedWords.defaults().ordered()));
        try (RowData data = new RowData(rows, SPLITS, 200, plan -> words, new WordDropout(0.25));
                RowData plain = new RowData(rows, SPLITS, 200, plan -> words);
                Scope scope = Scope.open()) {
            List<Long> kept = new ArrayList<>();
            for (int epoch = 0; epoch < 2; epoch++) {
                try (DataLoader batches = data.train(epoch);
                        DataLoader again = data.train(epoch)) {
                    Batch batch = batches.next();
                    long[] ids = Tensors.toLongs(batch.input());
                    assertThat(ids).isEqualTo(Tensors.toLongs(again.next().input()));
                    kept.add(IntStream.range(0, ids.length)
                            .filter(i -> ids[i] != 0)
                            .count());
                    long[] whole = Tensors.toLongs(data.alternateView(data.preprocessing())
                            .inputs(batch)
                            .only());
                    assertThat(IntStream.range(0, whole.length)
                                    .filter(i -> whole[i] != 0)
                                    .count())
                            .isEqualTo(100 * 8 + 100);
                    assertThat(data.keys(batch.origin(), batch.indices()))
                            .isEqualTo(plain.keys(batch.origin(), batch.indices()));
                }
            }
            // 800 words with probability 0.75, deviation 12; a text of one word keeps it.
            assertThat(kept).allSatisfy(count -> assertThat(count).isBetween(700L - 50, 700L + 50));
            assertThat(kept.get(0)).isNotEqualTo(kept.get(1));
            try (DataLoader batches = data.evaluate(Split.TRAIN);
                    DataLoader expected = plain.evaluate(Split.TRAIN)) {
                assertThat(Tensors.toLongs(batches.next().input()))
                        .isEqualTo(Tensors.toLongs(expected.next().input()));
            }
            assertThat(data.describe())
                    .containsEntry("augmentation", "WordDropout[probability=0.25]")
                    .containsEntry("balanced", false)
                    .containsEntry("warnings", data.warnings());
        }
    }

    /** Each view leaves out other words of the same rows, also of those that are not for training. */
    @Test
    void viewsLeaveOutWords() throws IOException {
        Path folder = Files.createDirectories(home.resolve("views"));
        String text = "text,k\n" + "one two three four five six seven eight,x\nnine,y\n".repeat(20);
        for (String split : List.of("train", "test")) Files.writeString(folder.resolve(split + ".csv"), text);
        Rows rows = rows(folder);
        TextEncoding words = new TextEncoding(
                new TextPreprocessing("text", HashedWords.defaults().ordered()));
        try (RowData data = new RowData(rows, SPLITS, 40, plan -> words, new WordDropout(0.5));
                RowData plain = new RowData(rows, SPLITS, 40, plan -> words);
                Scope scope = Scope.open()) {
            List<List<Long>> views = new ArrayList<>();
            for (int view : new int[] {0, 1, 0}) views.add(ids(data.augmented(Split.TEST, view)));
            assertThat(views.get(2)).isEqualTo(views.get(0)).isNotEqualTo(views.get(1));
            assertThat(views.get(0)).hasSizeBetween(20 + 40, 20 + 120);
            assertThat(ids(plain.augmented(Split.TEST, 0))).hasSize(20 + 160).isEqualTo(ids(data.evaluate(Split.TEST)));
        }
    }

    /** Return the ids of the words of the only batch. */
    private static List<Long> ids(DataLoader batches) {
        try (batches) {
            return Arrays.stream(Tensors.toLongs(batches.next().input()))
                    .filter(id -> id != 0)
                    .boxed()
                    .toList();
        }
    }

    /** Evaluation sorts texts by length; its results are in the order of the split. */
    @Test
    void evaluationPadsLittleAndKeepsTheOrderOfResults() throws IOException {
        StringBuilder text = new StringBuilder("text,k\n");
        for (int i = 0; i < 100; i++)
            text.append("word ".repeat(1 + i * 7 % 20)).append(i % 2 == 0 ? ",x\n" : ",y\n");
        Rows rows = rows(text.toString(), "k");
        TextEncoding words = new TextEncoding(
                new TextPreprocessing("text", HashedWords.defaults().ordered()));
        try (RowData data = new RowData(rows, SPLITS, 10, plan -> words)) {
            long[] padded = {0};
            Predictions found = Evaluator.predictions(data, Split.TRAIN, batch -> {
                padded[0] += batch.input().size(1) * batch.size();
                Tensor length =
                        Tensors.toFloat32(Ops.ne(batch.input(), 0)).sum(1).unsqueeze(1);
                return Ops.cat(1, length, length.neg());
            });
            for (int i = 0; i < 100; i++) {
                assertThat(found.output(i, 0)).isEqualTo(1 + i * 7 % 20);
                assertThat(found.labels()[i]).isEqualTo(i % 2);
            }
            assertThat(padded[0]).isLessThan(100 * 21 / 2 * 11 / 10);
            assertThat(data.order(Split.TRAIN))
                    .hasSize(100)
                    .isNotEqualTo(IntStream.range(0, 100).toArray());
        }
    }

    /** Rows are encoded in parallel; the message names the first bad one, whichever is met first. */
    @Test
    void theFirstBadRowIsNamed() throws IOException {
        StringBuilder text = new StringBuilder("a,k\n");
        for (int i = 1; i <= 5000; i++) text.append(i < 40 ? "1" : "word").append(i % 2 == 0 ? ",x\n" : ",y\n");
        Rows rows = rows(text.toString(), "k");
        TablePreprocessing numbers = TablePreprocessing.fit(
                List.of("a"), List.of(new String[] {"1"}, new String[] {"2"}), Set.of(), Set.of(), line -> {});
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> new RowData(rows, SPLITS, 10, plan -> new TableEncoding(numbers)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("rows.csv row 40: ");
        }
    }

    @Test
    void whatIsLostOrDoubtfulIsSaid() throws IOException {
        Rows rows = rows("text,k\none two three four,x\n ,y\nfive,y\nsix,z\n", "k");
        TextEncoding short4 = new TextEncoding(new TextPreprocessing("text", new HashedWords(100, 4)));
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> short4)) {
            assertThat(data.warnings())
                    .anyMatch(line ->
                            line.endsWith("texts fill all 4 ids; what is longer is cut (max_tokens, --max-tokens)"))
                    .contains("1 of 4 rows are empty")
                    .contains(
                            "2 of 3 classes have one training row each; numbers are predicted with --task regression");
        }
        Rows one = rows("text,k\none,x\ntwo,x\n", "k");
        assertThatThrownBy(() -> new RowData(one, SPLITS, 2, plan -> short4))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("must have at least two classes, found 'x'");
    }

    /** Rows that no split uses are not counted. */
    @Test
    void wordsThatTrainingDidNotHaveAreSaid() throws IOException {
        Path folder = Files.createDirectories(home.resolve("split"));
        Files.writeString(folder.resolve("train.csv"), "zip,k\n94110,x\n94117,y\n94110,y\n");
        Files.writeString(folder.resolve("valid.csv"), "zip,k\n94110,x\n94110.0,y\n94999,\n");
        Rows rows = rows(folder);
        TablePreprocessing zip = TablePreprocessing.fit(
                List.of("zip"),
                List.of(rows.cells(0), rows.cells(1), rows.cells(2)),
                Set.of("zip"),
                Set.of(),
                line -> {});
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> new TableEncoding(zip))) {
            assertThat(data.warnings())
                    .contains("the column 'zip' has 1 of 5 cells that training did not have, such as '94110.0'; they "
                            + "count as one unknown word");
        }
    }

    /** Columns that are no inputs do not tell rows apart. */
    @Test
    void rowsWithTheInputsOfATrainingRowAreSaid() throws IOException {
        Path folder = Files.createDirectories(home.resolve("copies"));
        Files.writeString(folder.resolve("train.csv"), "id,a,b,k\n1,1,x,x\n2,2,y,y\n8,3,x,x\n9,3,y,y\n");
        Files.writeString(folder.resolve("valid.csv"), "id,a,b,k\n3,1,x,x\n4,1,y,y\n5,2,y,y\n");
        Files.writeString(folder.resolve("test.csv"), "id,a,b,k\n6,1,y,x\n7,2,y,x\n");
        Rows rows = rows(folder);
        TablePreprocessing table = table(rows, "a", "b");
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> new TableEncoding(table))) {
            assertThat(data.warnings())
                    .containsExactly("2 of 3 valid rows and 1 of 2 test rows have the same inputs as a training row, "
                            + "such as valid.csv row 1; if they are copies, results on new rows are worse");
        }
        TablePreprocessing withId = table(rows, "id", "a", "b");
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> new TableEncoding(withId))) {
            assertThat(data.warnings()).isEmpty();
        }
        Rows more = rows.with(List.<String[]>of(new String[] {"0", "1", "y"}));
        try (RowData data = new RowData(more, SPLITS, 2, plan -> new TableEncoding(table))) {
            assertThat(data.warnings()).singleElement().asString().startsWith("2 of 3 valid rows and 1 of 2 test rows");
        }
    }

    @Test
    void classesThatAreWrittenAlikeAreSaid() throws IOException {
        String decomposed = Normalizer.normalize("sí", Normalizer.Form.NFD);
        String[] names = {"yes", "Yes", "no", "1", "1.0", "+1e0", "-1", "0.0", "-0", "sí", decomposed, "1e99999999999"};
        StringBuilder text = new StringBuilder("text,k\n");
        for (int i = 0; i < 4 * names.length; i++) {
            text.append("text ")
                    .append(i)
                    .append(',')
                    .append(names[i % names.length])
                    .append('\n');
        }
        Rows rows = rows(text.toString(), "k");
        TextEncoding words = new TextEncoding(TextPreprocessing.of("text"));
        try (RowData data = new RowData(rows, SPLITS, 2, plan -> words)) {
            assertThat(data.warnings())
                    .containsExactlyInAnyOrder(
                            "classes '-0', '0.0' are equal as numbers; give them one name if they are one class",
                            "classes '+1e0', '1', '1.0' are equal as numbers; give them one name if they are one class",
                            "classes 'Yes', 'yes' differ in case, spaces or signs only; give them one name if they are "
                                    + "one class",
                            "classes '" + decomposed + "', 'sí' differ in case, spaces or signs only; give them one "
                                    + "name if they are one class");
        }
    }

    @Test
    void filesOfSplitsMayHaveFurtherWords() throws IOException {
        Path folder = Files.createDirectories(home.resolve("reviews"));
        for (String name : List.of("train_reviews.csv", "reviews-2024.Test.csv", "constraints.csv", "reviews_test.csv"))
            Files.writeString(folder.resolve(name), "text,k\na,x\nb,y\n");
        List<String> said = new ArrayList<>();
        Rows rows = Rows.read(RowFiles.of(folder), List.of("k"), Task.Kind.SINGLE_LABEL, Set.of(), said::add);
        assertThat(IntStream.range(0, rows.size()).mapToObj(row -> rows.name(row) + " " + rows.split(row)))
                .containsExactly(
                        "train_reviews.csv row 1 TRAIN",
                        "train_reviews.csv row 2 TRAIN",
                        "reviews_test.csv row 1 TEST",
                        "reviews_test.csv row 2 TEST");
        String leftOut = " in " + folder + " are not named after a split (train, valid, test) and are left out";
        assertThat(said)
                .containsExactly(
                        "train_reviews.csv is taken for the train split",
                        "reviews_test.csv is taken for the test split",
                        "'constraints.csv', 'reviews-2024.Test.csv'" + leftOut);
        said.clear();
        Files.move(folder.resolve("reviews_test.csv"), folder.resolve("train.csv"));
        Rows whole = Rows.read(RowFiles.of(folder), List.of("k"), Task.Kind.SINGLE_LABEL, Set.of(), said::add);
        assertThat(whole.size()).as("train.csv alone").isEqualTo(2);
        assertThat(said).containsExactly("'constraints.csv', 'reviews-2024.Test.csv', 'train_reviews.csv'" + leftOut);
        Files.move(folder.resolve("train.csv"), folder.resolve("my_training.csv"));
        assertThatThrownBy(() -> rows(folder))
                .hasMessage(folder + " has two files of one split, my_training.csv and train_reviews.csv; keep one");
        Path tests = Files.createDirectories(home.resolve("tests"));
        Files.writeString(tests.resolve("test_reviews.csv"), "text,k\na,x\n");
        assertThatThrownBy(() -> rows(tests))
                .hasMessage(tests + " must have a file of training rows, such as train.csv, or folders of texts, "
                        + "train/<class>/*.txt, found 'test_reviews.csv'");
    }

    private static Rows rows(Path source) {
        return Rows.read(RowFiles.of(source), List.of("k"), Task.Kind.SINGLE_LABEL, Set.of(), line -> {});
    }

    @ParameterizedTest
    @CsvSource({
        "train.csv,           true",
        "train.txt images/,   false",
        "train.csv .git/,     true",
        "train_reviews.csv,   true",
        "reviews-Train.csv a.csv, true",
        "test_reviews.csv,    false",
        "constraints.csv,     false",
        "train_or_test.csv,   false",
        "test.csv,            false",
        "train.png,           false",
        "'',                  false"
    })
    void foldersOfImagesAreNoRows(String names, boolean rows) throws IOException {
        Path folder = Files.createDirectories(home.resolve("source"));
        for (String name : names.split(" ")) {
            if (name.endsWith("/")) Files.createDirectories(folder.resolve(name));
            else if (!name.isEmpty()) Files.writeString(folder.resolve(name), "a,b\n1,2\n");
        }
        assertThat(Rows.areAt(folder.toString())).isEqualTo(rows);
        assertThat(Rows.areAt("")).isFalse();
        assertThat(Rows.areAt(folder.resolve("none.csv").toString())).isTrue();
    }
}
