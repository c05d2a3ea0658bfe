package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.onnx.TextPredictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test tokenizers that limbeck-tokenizers brings, from a folder of RoBERTa to an exported student. */
class TokenizerCommandsTest {
    private static final Path TOKENIZERS = Path.of("../tokenizers/src/test/resources/dev/limbeck/tokenizers");
    private static final String DATA = "--data $/texts --text-column text --label-column mood --batch-size 32 ";

    @TempDir
    static Path home;

    @BeforeAll
    static void write() throws IOException {
        Path texts = Files.createDirectories(home.resolve("texts"));
        String[] moods = {"good", "great", "bad", "awful"};
        for (String split : new String[] {"train", "test"}) {
            StringBuilder text = new StringBuilder("text,mood\n");
            for (int i = 0; i < 200; i++) {
                text.append("The parcel 😀 was ").append(moods[i % 4]).append(i % 3 == 0 ? " today," : ",");
                text.append(i % 4 < 2 ? "good" : "bad").append('\n');
            }
            Files.writeString(texts.resolve(split + ".csv"), text);
        }
        FileUtils.copyDirectory(
                Path.of("../core/src/test/resources/dev/limbeck/model/tiny-roberta")
                        .toFile(),
                home.resolve("hf").toFile());
        Files.copy(TOKENIZERS.resolve("bpe.json"), home.resolve("hf/tokenizer.json"));
        Files.copy(TOKENIZERS.resolve("unigram.json"), home.resolve("unigram.json"));
    }

    private static Cli.Answer run(String line) {
        return Cli.run(Cli.words(line, home));
    }

    private static double good(String model, String text) {
        return Cli.run("predict", "--json", "--model", home.resolve(model), text)
                .done()
                .json()
                .at("/0/probabilities/good")
                .asDouble();
    }

    @Test
    void aFolderOfRobertaIsFineTunedDistilledAndExported() {
        run("train " + DATA + "--arch roberta-L2-H8-A2-I16-P24 --weights $/hf --epochs 4 --lr 0.02 --out $/teacher")
                .done();
        Cli.Answer distilled =
                run("distill " + DATA + "--teacher $/teacher --arch text-cnn-8 --epochs 6 --lr 0.02 --out $/student");
        assertThat(distilled.done().err() + distilled.out()).contains("inputs input_ids int64 N×?");
        run("export --model $/student --out $/dist").done();
        String text = "The parcel was great";
        double own = good("student", text);
        assertThat(own).isGreaterThan(0.6);
        assertThat(good("dist/model.onnx", text)).isEqualTo(own, within(1e-5));
        try (TextPredictor predictor = TextPredictor.open(home.resolve("dist/model.onnx"))) {
            assertThat(predictor.predict(text).probabilities().get("good")).isEqualTo(own, within(1e-5));
        }
        assertThat(run("evaluate --json " + DATA + "--model $/teacher")
                        .done()
                        .json()
                        .get("accuracy")
                        .asDouble())
                .isGreaterThan(0.5);
    }

    @Test
    void networksThatReadInOrderTakeAnyTokenizer() {
        run("train " + DATA + "--tokenizer $/unigram.json --arch bilstm-8 --epochs 12 --lr 0.05 --out $/lstm")
                .done();
        run("export --model $/lstm --out $/lstm-dist").done();
        double own = good("lstm", "The parcel 😀 was great");
        assertThat(own).isGreaterThan(0.6);
        assertThat(good("lstm-dist/model.onnx", "The parcel 😀 was great")).isEqualTo(own, within(1e-5));
    }

    @Test
    void aDamagedTokenizerIsOneLine() throws IOException {
        Files.writeString(home.resolve("broken.json"), "{\"model\":{\"type\":\"BPE\"}}");
        Cli.Answer answer = run("train " + DATA + "--tokenizer $/broken.json --arch bilstm-8 --epochs 1 --out $/none");
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err().lines().toList())
                .anyMatch(line -> line.contains("broken.json: the tokenizer must have model.vocab of 1 to"));
    }
}
