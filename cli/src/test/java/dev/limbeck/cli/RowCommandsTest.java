package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.onnx.TablePredictor;
import dev.limbeck.onnx.TableRegressionPredictor;
import dev.limbeck.onnx.TextPredictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test texts and tables, from files of rows to exported files that predict. */
class RowCommandsTest {
    private static final List<String> GOOD = List.of("good", "great", "fine");
    private static final List<String> BAD = List.of("bad", "awful", "poor");

    @TempDir
    static Path home;

    @BeforeAll
    static void write() throws IOException {
        Random random = new Random(5);
        Path texts = Files.createDirectories(home.resolve("texts"));
        Path tables = Files.createDirectories(home.resolve("tables"));
        for (String split : List.of("train", "test")) {
            StringBuilder text = new StringBuilder("id,text,mood\n");
            StringBuilder table = new StringBuilder("size,color,noise,kind,price\n");
            for (int i = 0; i < 300; i++) {
                boolean good = random.nextBoolean();
                String word = (good ? GOOD : BAD).get(random.nextInt(3));
                text.append(i)
                        .append(",\"The day, it was ")
                        .append(word)
                        .append("\",")
                        .append(good ? "good" : "bad");
                text.append('\n');
                double size = random.nextDouble() * 10;
                boolean red = random.nextBoolean();
                double price = size * 2 + (red ? 5 : 0);
                table.append(String.format(
                        Locale.ROOT,
                        "%.3f,%s,%.3f,%s,%.3f%n",
                        size,
                        red ? "red" : "blue",
                        random.nextGaussian(),
                        price > 12 ? "dear" : "cheap",
                        price));
            }
            Files.writeString(texts.resolve(split + ".csv"), text);
            Files.writeString(tables.resolve(split + ".csv"), table);
        }
    }

    private static Cli.Answer run(String line) {
        return Cli.run(Cli.words(line, home));
    }

    /** ONNX Runtime's Java interface damages such characters in metadata. */
    @Test
    void namesBeyondSixteenBitsSurviveTheExport() throws IOException {
        StringBuilder text = new StringBuilder("text,mood\n");
        for (int i = 0; i < 60; i++)
            text.append(i % 2 == 0 ? "good day,\ud83d\ude00 glad\n" : "bad night,\ud835\udcdd\u00f6\n");
        Files.writeString(home.resolve("moods.csv"), text);
        run("train --data $/moods.csv --text-column text --label-columns mood --arch bag-4 --epochs 2 --lr 0.05 --out $/moods")
                .done();
        run("export --model $/moods --out $/moods-dist").done();
        try (TextPredictor predictor = TextPredictor.open(home.resolve("moods-dist/model.onnx"))) {
            assertThat(predictor.classNames()).containsExactly("\ud835\udcdd\u00f6", "\ud83d\ude00 glad");
        }
    }

    @Test
    void foldersOfTextsAreTrainedOn() throws IOException {
        for (int i = 0; i < 60; i++) {
            boolean good = i % 2 == 0;
            Path folder = Files.createDirectories(home.resolve("files").resolve(good ? "good" : "bad"));
            Files.writeString(folder.resolve(i + ".txt"), "It was " + (good ? GOOD : BAD).get(i % 3) + ".");
        }
        run("train --data $/files --arch bag-8 --epochs 8 --lr 0.05 --batch-size 16 --out $/of-files")
                .done();
        assertThat(run("predict --model $/of-files 'A fine day' --top 1").done().out())
                .contains("good");
        Cli.Answer all = run("predict --model $/of-files $/files --top 1").done();
        assertThat(all.err()).contains("files: each .txt file is a text, 60 in all");
        assertThat(all.out().lines())
                .hasSize(60)
                .allMatch(line -> line.matches(".*/files/(good|bad)/\\d+\\.txt: \\1 .*"));
        String more = "--data $/texts/train.csv --text-column text --label-columns mood --test-data $/files ";
        run("distill " + more
                        + "--unlabeled $/files --teacher $/of-files --match-classes --arch bag-4 --epochs 4 --lr 0.05 --out $/more")
                .done();
        JsonNode facts = Cli.read(home.resolve("more/run.json"));
        assertThat(facts.at("/data/sizes/test").asInt()).isEqualTo(60);
        assertThat(facts.at("/data/summary").asText()).contains("without a label: 60");
        assertThat(run("evaluate --json --model $/more --split test " + more)
                        .done()
                        .json()
                        .get("accuracy")
                        .asDouble())
                .isGreaterThan(0.9);
    }

    @Test
    void textsAreTrainedDistilledExportedAndPredicted() throws IOException {
        String data = "--data $/texts --text-column text --label-column mood ";
        run("train " + data + "--arch bag-8 --epochs 8 --lr 0.05 --out $/text-teacher")
                .done();
        JsonNode result = run("distill --json " + data
                        + "--teacher $/text-teacher --arch bag-4 --buckets 500 --epochs 8 "
                        + "--lr 0.05 --labels-per-class 4 --keep-unlabeled --out $/text-student")
                .done()
                .json();
        assertThat(result.toString()).contains("SoftTarget");
        JsonNode judged =
                run("evaluate --json " + data + "--model $/text-student").done().json();
        assertThat(judged.get("accuracy").asDouble()).isGreaterThan(0.9);
        run("export --model $/text-student --out $/text-dist").done();
        String text = "It was a great day";
        JsonNode own = Cli.run("predict", "--json", "--model", home.resolve("text-student"), text, "An awful one")
                .done()
                .json();
        try (TextPredictor predictor = TextPredictor.open(home.resolve("text-dist/model.onnx"))) {
            assertThat(predictor.predict(text).className()).isEqualTo("good");
            assertThat(predictor.predict("An awful one").className()).isEqualTo("bad");
            assertThat(predictor.predict(text).probability())
                    .isEqualTo(own.get(0).get("probabilities").get("good").asDouble(), within(1e-5));
        }
        Cli.Answer again =
                run("distill " + data + "--teacher $/text-dist/model.onnx --arch bag-4 --epochs 1 --out $/again");
        assertThat(again.done().err() + again.out()).contains("teacher model.onnx: ");
    }

    /** Networks that read in order get hashed words in order, or the tokens of the teacher if it has a vocabulary. */
    @Test
    void textsInOrderAreTrainedDistilledExportedAndPredicted() throws IOException {
        String data = "--data $/texts --text-column text --label-column mood ";
        run("train " + data + "--arch bag-8 --epochs 4 --lr 0.05 --out $/bag").done();
        Cli.Answer distilled =
                run("distill " + data + "--teacher $/bag --arch text-cnn-8 --epochs 4 --lr 0.02 --out $/cnn");
        assertThat(distilled.done().err() + distilled.out()).contains("inputs words int64 N×?");
        run("export --model $/cnn --out $/cnn-dist").done();
        String text = "It was a great day";
        double own = Cli.run("predict", "--json", "--model", home.resolve("cnn"), text)
                .done()
                .json()
                .at("/0/probabilities/good")
                .asDouble();
        try (TextPredictor predictor = TextPredictor.open(home.resolve("cnn-dist/model.onnx"))) {
            assertThat(predictor.predict(text).probabilities().get("good")).isEqualTo(own, within(1e-5));
            assertThat(own).isGreaterThan(0.5);
        }
        List<String> words = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]"));
        words.addAll(GOOD);
        words.addAll(BAD);
        Files.write(home.resolve("vocab.txt"), words);
        run("train " + data + "--tokenizer $/vocab.txt --arch bilstm-8 --epochs 12 --lr 0.05 --out $/lstm")
                .done();
        Cli.Answer from = run("distill " + data + "--teacher $/lstm --arch text-cnn-8 --epochs 1 --out $/of-lstm");
        assertThat(from.done().err() + from.out()).contains("inputs input_ids int64 N×?");
        Cli.Answer hashed = run("distill " + data
                + "--teacher $/lstm --tokenizer hashed --arch bilstm-8 --epochs 1 --buckets 300 --out $/hashed");
        assertThat(hashed.done().err() + hashed.out()).contains("inputs words int64 N×?");
        assertThat(run("evaluate --json " + data + "--model $/lstm")
                        .done()
                        .json()
                        .get("accuracy")
                        .asDouble())
                .isGreaterThan(0.9);
        String views = "evaluate " + data + "--model $/lstm --views 2 ";
        String changesNothing = "this data is not augmented, so --views changes nothing";
        assertThat(run(views).done().err()).contains(changesNothing);
        assertThat(run(views + "--word-dropout 0.5").done().err()).doesNotContain(changesNothing);
        String evaluate = "evaluate " + data + "--model $/lstm --tokenizer ";
        run(evaluate + "$/vocab.txt").done();
        Files.write(home.resolve("other.txt"), words.subList(0, words.size() - 1));
        String out = "; leave tokenizer, buckets and max_tokens (--tokenizer, --buckets, --max-tokens) out";
        assertThat(run(evaluate + "$/other.txt").err()).contains("the model reads ", out);
        assertThat(run(evaluate + "hashed").err()).contains(out);
        Files.delete(home.resolve("vocab.txt"));
        run("report $/lstm").done();
    }

    @Test
    void tablesAreTrainedComparedExportedAndPredicted() throws IOException {
        String data = "--data $/tables --label-columns kind --ignore-columns price ";
        run("train " + data + "--arch mlp --epochs 8 --lr 0.01 --out $/table-teacher")
                .done();
        Cli.Answer compared = run("compare " + data + "--teacher $/table-teacher --arch linear --epochs 3 --lr 0.02 "
                + "--max-train-samples 40 --keep-unlabeled --seeds 2 --out $/table-compare");
        assertThat(compared.done().out()).contains("Every student: 40 labeled and 200 unlabeled rows");
        assertThat(Files.readString(home.resolve("table-compare/report.html"))).contains("data:text/plain;base64,");
        run("export --model $/table-teacher --out $/table-dist").done();
        assertThat(run("summary --model $/table-teacher").done().out()).contains("words");
        assertThat(run("profile $/table-teacher $/table-dist/model.onnx --runs 2 --json")
                        .done()
                        .json()
                        .size())
                .isEqualTo(2);
        Path one = Files.writeString(home.resolve("one.csv"), "color,size,noise\nred,9,0\nblue,1,0\n");
        JsonNode own = Cli.run("predict", "--json", "--model", home.resolve("table-teacher"), one)
                .done()
                .json();
        try (TablePredictor predictor = TablePredictor.open(home.resolve("table-dist/model.onnx"))) {
            var dear = predictor.predict(Map.of("size", 9, "color", "red", "noise", 0));
            assertThat(dear.className()).isEqualTo("dear");
            assertThat(dear.probability())
                    .isEqualTo(own.get(0).get("probabilities").get("dear").asDouble(), within(1e-5));
            assertThat(own.get(1).get("probabilities").get("cheap").asDouble()).isGreaterThan(0.5);
        }
    }

    /** Whether a row is drawn for validation depends on the seed. */
    @Test
    void anEmptyCellOutsideOfTheTrainingRowsIsTaken() throws IOException {
        Files.createDirectories(home.resolve("gap"));
        String test = Files.readString(home.resolve("tables/test.csv"));
        Files.writeString(home.resolve("gap/train.csv"), Files.readString(home.resolve("tables/train.csv")));
        Files.writeString(home.resolve("gap/test.csv"), test + ",red,0,dear,13\n");
        assertThat(
                        run("train --data $/gap --label-columns kind --ignore-columns price --arch linear --epochs 1 --out $/gap-run")
                                .done()
                                .err())
                .contains("the column 'size' has empty cells outside of the training rows only: 1; ");
    }

    /** As a data frame's index is written; a test file counts anew. */
    @Test
    void columnsThatCountTheRowsAreSaid() throws IOException {
        for (String split : List.of("train", "test")) {
            List<String> lines = Files.readAllLines(home.resolve("tables/" + split + ".csv"));
            List<String> counted = new ArrayList<>(List.of("," + lines.get(0)));
            for (int i = 1; i < lines.size(); i++) counted.add(i - 1 + "," + lines.get(i));
            Files.createDirectories(home.resolve("counted"));
            Files.write(home.resolve("counted/" + split + ".csv"), counted);
        }
        String note =
                "the column 'Unnamed: 0' counts the rows; if it says nothing else, leave it out (ignore, --ignore-columns)";
        String train = "train --data $/counted --label-columns kind --arch linear --epochs 1 --out $/";
        assertThat(run(train + "with-index").done().err()).contains(note);
        Object[] words = Cli.words(train + "without-index", home);
        assertThat(Cli.run(words, "--ignore-columns", "Unnamed: 0").done().err())
                .doesNotContain("counts the rows");
    }

    /** A teacher of tokens cannot be measured on a student's hashed words. */
    @Test
    void reportsMeasureTeachersOnTheirOwnInputs() throws IOException {
        String data = "--data $/texts --text-column text --label-columns mood --epochs 1 ";
        Path words = Path.of("../core/src/test/resources/dev/limbeck/model/tiny-bert/vocab.txt");
        Cli.run(Cli.words("train " + data + "--arch bert-L1-H32-A2-mean --out $/encoder", home), "--tokenizer", words)
                .done();
        run("compare " + data + "--teacher $/encoder --arch bag-4 --seeds 1 --out $/of-tokens")
                .done();
        assertThat(Files.readString(home.resolve("of-tokens/report.html")))
                .contains("\"teacher: bert-L1-H32-A2-mean\"", "\"student: bag-4\"");
    }

    @Test
    void aTeacherThatComputesTheSameRowsInEachEpochIsWorthACache() {
        String data = "--data $/tables --label-columns kind --ignore-columns price --arch linear ";
        run("train " + data + "--epochs 1 --out $/cached-by").done();
        String distill = "distill " + data + "--batch-size 240 --teacher $/cached-by ";
        String advice = "; to compute them once, add --cache-teacher DIR";
        assertThat(run(distill + "--epochs 90 --out $/many").done().err())
                .contains("the teacher computes the same 240 rows in 90 epochs" + advice);
        assertThat(run(distill + "--epochs 90 --cache-teacher $/cache --out $/cached")
                        .done()
                        .err())
                .doesNotContain(advice);
        assertThat(run(distill + "--epochs 9 --out $/few").done().err()).doesNotContain(advice);
    }

    /** The student starts from a layer of its teacher, and learns from the hidden states of its tokens. */
    @Test
    void encodersTeachOnTokensAndGiveLayers() throws IOException {
        String data = "--data $/texts --text-column text --label-columns mood --epochs 1 ";
        Path words = Path.of("../core/src/test/resources/dev/limbeck/model/tiny-bert/vocab.txt");
        Cli.run(Cli.words("train " + data + "--arch bert-L2-H32-A2-mean --out $/deep", home), "--tokenizer", words)
                .done();
        Cli.Answer answer = run("distill " + data
                        + "--teacher $/deep --weights $/deep --weights-layers 1 --frozen-epochs 0 "
                        + "--arch bert-L1-H32-A2-mean --loss soft-target --loss hidden-states:auto,adapter=linear "
                        + "--loss value-relation:bert.encoder.layer.0.attention.self.value/"
                        + "bert.encoder.layer.1.attention.self.value,heads=4 --out $/shallow")
                .done();
        assertThat(answer.err() + answer.out())
                .contains("; layers 0 start from layers 1 of 2; random at first: classifier; ")
                .contains("pair bert.encoder.layer.0/bert.encoder.layer.1: tokens×32 → tokens×32 by HiddenStates "
                        + "through linear, 1,056 parameters");
        JsonNode record =
                new ObjectMapper().readTree(home.resolve("shallow/run.json").toFile());
        assertThat(record.at("/recipe/pretrained/weights_layers/0").asInt()).isEqualTo(1);
        assertThat(run("distill " + data
                                + "--teacher $/deep --weights $/deep --arch bert-L3-H32-A2-mean --out $/deeper")
                        .err())
                .contains(
                        "has 2 layers of an encoder, bert-L3-H32-A2-mean needs 3; choose a student with at most 2 layers");
    }

    /** Columns, splits and words of a trained model are its own, whatever the data of a later command would give. */
    @Test
    void aTrainedModelReadsWhatItWasTrainedWith() throws IOException {
        Path file = Files.writeString(home.resolve("whole.csv"), Files.readString(home.resolve("tables/train.csv")));
        String data = "--data $/whole.csv --label-columns kind --ignore-columns price ";
        run("train " + data + "--arch mlp --epochs 2 --seed 3 --out $/whole").done();
        JsonNode trained = Cli.run(
                        "evaluate",
                        "--json",
                        "--model",
                        home.resolve("whole"),
                        "--data",
                        file,
                        "--label-columns",
                        "kind",
                        "--split",
                        "valid")
                .done()
                .json();
        JsonNode exported =
                run("export --model $/whole --out $/whole-dist --json").done().json();
        assertThat(exported.get(0).at("/verification/value").asDouble())
                .isEqualTo(trained.get("accuracy").asDouble(), within(1e-9));
        assertThat(run("evaluate --model $/whole " + data.replace("price", "size") + "--split valid")
                        .err())
                .contains("the model reads the column 'size'; leave it out of ignore (--ignore-columns)");
        JsonNode own = run("predict --model $/whole $/whole.csv --json").done().json();
        JsonNode file2 = run("predict --model $/whole-dist/model.onnx $/whole.csv --json")
                .done()
                .json();
        assertThat(file2).hasSameSizeAs(own);
        assertThat(file2.get(7).at("/probabilities/dear").asDouble())
                .isEqualTo(own.get(7).at("/probabilities/dear").asDouble(), within(1e-5));
        Files.writeString(home.resolve("row.csv"), "size,color,noise\n9,red,0\n");
        assertThat(run("explain --model $/whole-dist/model.onnx $/row.csv")
                        .done()
                        .out())
                .contains("dear");
    }

    /** The file takes an age as a number and a job as a text, an input each. */
    @Test
    void aPipelineOfAnotherLibraryPredictsAndTeachesRows() throws IOException {
        Path pipeline =
                Path.of("..", "export", "src", "test", "resources", "dev", "limbeck", "export", "pipeline.onnx");
        Path file = home.resolve("jobs.csv");
        Files.writeString(file, "job-title,age,pay\n" + "clerk,40,no\ncook,1,yes\n".repeat(20));
        assertThat(run("predict --model " + pipeline + " --classes no,yes " + file)
                        .out())
                .contains("jobs.csv row 1: yes 96.08 %, no 3.92 %", "jobs.csv row 2: no 52.50 %, yes 47.50 %");
        assertThat(run("inspect " + pipeline).out()).contains("inputs: age float32 N×1, job_title text N×1");
        Path out = home.resolve("pipeline-run");
        run("distill --data " + file + " --label-columns pay --teacher " + pipeline + " --arch linear --epochs 1 --out "
                + out);
        JsonNode record = new ObjectMapper().readTree(out.resolve("run.json").toFile());
        assertThat(record.at("/results/valid/auc").isNumber()).isTrue();
        assertThat(record.at("/recipe/teacher/model").asText()).isEqualTo(pipeline.toString());
    }

    @Test
    void numbersArePredictedInTheirUnits() {
        String data = "--data $/tables --label-columns price --ignore-columns kind --task regression ";
        run("train " + data + "--arch mlp --epochs 30 --lr 0.02 --out $/price").done();
        JsonNode judged =
                run("evaluate --json " + data + "--model $/price").done().json();
        assertThat(judged.get("rmse").asDouble()).isLessThan(1.5);
        run("export --model $/price --out $/price-dist").done();
        try (TableRegressionPredictor predictor =
                TableRegressionPredictor.open(home.resolve("price-dist/model.onnx"))) {
            double price = predictor
                    .predict(Map.of("size", "5", "color", "red", "noise", 0.0))
                    .get("price");
            assertThat(price).isEqualTo(15, within(2.0));
        }
    }

    @Test
    void whatDoesNotFitIsOneLine() throws IOException {
        String table = "--data $/tables --label-columns kind ";
        List<String> lines = new ArrayList<>(
                List.of(
                        "train --data $/texts --text-column txt --label-columns mood --arch bag --out $/x|must have the column 'txt', found 'id', 'text'",
                        "train --data $/tables --label-columns kinds --arch mlp --out $/x|no column 'kinds'",
                        "train " + table + "--arch resnet18 --out $/x|resnet18 takes images, found numeric float32 ",
                        "train " + table + "--arch bag --out $/x|bag takes hashed words of texts, found ",
                        "train " + table
                                + "--categorical colour --arch mlp --out $/x|no column 'colour'; nearest: color",
                        "train " + table
                                + "--image-size 32 --arch mlp --out $/x|image_size is not a setting of table and text data, which ",
                        "train --data $/texts --text-column text --label-columns mood --arch mlp --out $/x|mlp takes rows of tables, found ids int64",
                        "train --data $/texts --text-column text --label-columns mood --arch bert-tiny --out $/x|bert-tiny takes tokens of texts in order, found ids int64 N×?; name a tokenizer for it (tokenizer, --tokenizer)",
                        "train " + table
                                + "--mixup 0.2 --arch mlp --out $/x|mixup mixes floating-point inputs, found numeric",
                        "train " + table + "--cutmix 1 --arch mlp --out $/x|cutmix mixes images, found numeric",
                        "show " + table + "--out $/x|this command works on images, found table data",
                        "train --data $/tables --arch mlp --out $/x|name the ones to predict (label_columns, --label-columns)"));
        for (String line : lines) {
            String[] parts = line.split("\\|");
            Cli.Answer answer = run(parts[0]);
            assertThat(answer.code()).as(line).isIn(1, 2);
            assertThat(answer.err().lines().filter(one -> one.startsWith("limbeck: ")))
                    .as(line)
                    .singleElement()
                    .asString()
                    .contains(parts[1]);
            assertThat(home.resolve("x")).doesNotExist();
        }
    }

    /** Zip codes drawn as numbers would be unknown to the teacher. */
    @Test
    void syntheticRowsTakeTheTeachersColumns() throws IOException {
        StringBuilder text = new StringBuilder("id,zip,size,kind\n");
        Random random = new Random(3);
        for (int i = 0; i < 80; i++) {
            int size = random.nextInt(100);
            text.append(
                    900 + i + "," + (94110 + 100 * (i % 4)) + "," + size + "," + (size > 50 ? "dear" : "cheap") + "\n");
        }
        Files.writeString(home.resolve("zips.csv"), text);
        String data = "--data $/zips.csv --label-columns kind ";
        run("train " + data + "--categorical zip --ignore-columns id --arch mlp-8 --epochs 2 --out $/zip-teacher")
                .done();
        Cli.Answer made = run("distill " + data
                        + "--teacher $/zip-teacher --synthetic munge:3 --arch mlp-8 --epochs 1 --out $/zip-student")
                .done();
        assertThat(made.out() + made.err())
                .contains("synthetic rows are made of")
                .doesNotContain("training did not have");
        run("export --model $/zip-student --out $/zip-dist").done();
        List<String> said = new ArrayList<>();
        Logger log = Logger.getLogger(TablePredictor.class.getName());
        Handler handler = new StreamHandler() {
            @Override
            public void publish(LogRecord line) {
                said.add(line.getMessage());
            }
        };
        log.addHandler(handler);
        try (TablePredictor predictor = TablePredictor.open(home.resolve("zip-dist/model.onnx"))) {
            assertThat(predictor.predict(Map.of("zip", 94110.0, "size", 9.0)).probability())
                    .isEqualTo(
                            predictor.predict(Map.of("zip", "94110", "size", 9)).probability());
            assertThat(said).isEmpty();
            for (String zip : List.of("1", "2")) predictor.predict(Map.of("zip", zip, "size", 9));
        } finally {
            log.removeHandler(handler);
        }
        assertThat(said)
                .singleElement()
                .asString()
                .contains("model.onnx: the column 'zip' has 1 of 1 cells that training did not have, such as '1'; ");
    }

    @Test
    void syntheticRowsAreLabeledByTheTeacher() {
        String data = "--data $/tables --label-columns kind --ignore-columns price ";
        run("train " + data + "--arch mlp-8 --epochs 2 --out $/munge-teacher").done();
        String more = data + "--teacher $/munge-teacher --max-train-samples 40 --synthetic munge:3 --arch mlp-8 ";
        Cli.Answer checked = run("check " + more).done();
        assertThat(checked.out() + checked.err()).contains("120 synthetic rows are made of 40 training rows");
        run("distill " + more + "--epochs 2 --batch-size 16 --out $/munged").done();
        JsonNode facts = Cli.read(home.resolve("munged/run.json")).path("data");
        assertThat(facts.path("synthetic").asInt()).isEqualTo(120);
        assertThat(facts.path("sizes").path("train").asInt()).isEqualTo(160);
        assertThat(facts.path("summary").asText()).contains("without a label: 120, synthetic: 120");
        run("evaluate --model $/munged " + data).done();
        assertThat(run("train " + data + "--synthetic munge:3 --arch mlp --out $/no")
                        .err())
                .contains("synthetic rows are labeled by a teacher; use limbeck distill");
        String texts = "--data $/texts --text-column text --label-column mood --teacher $/munge-teacher --out $/no ";
        assertThat(run("distill " + texts + "--synthetic munge:3 --arch bag").err())
                .contains("synthetic rows are of tables, and text_column names texts");
        assertThat(
                        run("distill --data shapes:32:8:8 --teacher $/munge-teacher --arch cifar-resnet8 --synthetic munge:3 --out $/no")
                                .err())
                .contains("synthetic");
    }
}
