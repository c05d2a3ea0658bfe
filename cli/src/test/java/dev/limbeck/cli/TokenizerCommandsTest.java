package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.onnx.TextPredictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** The recipe names the tokenizer, its folder, or a teacher that has it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "train --tokenizer $/hf/tokenizer.json --arch bilstm-8",
                "train --arch roberta-L2-H8-A2-I16-P24 --weights $/hf",
                "distill --teacher $/bpe --arch text-cnn-8"
            })
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aKilledRunIsResumedToTheVerySameWeights(String line) throws IOException, InterruptedException {
        if (line.startsWith("distill"))
            run("train " + DATA + "--tokenizer $/hf/tokenizer.json --arch bilstm-8 --epochs 1 --overwrite --out $/bpe")
                    .done();
        String command = line + " " + DATA + "--epochs 6 --out $/";
        String name = "killed" + Math.abs(line.hashCode());
        run(command + "whole" + name).done();
        Cli.killInEpoch(1, Cli.start(Cli.words(command + name, home)));
        assertThat(home.resolve(name)).doesNotExist();
        run(line.split(" ")[0] + " --resume --out $/" + name).done();
        assertThat(hash(name)).isEqualTo(hash("whole" + name));
        assertThat(good(name, "The parcel was great")).isEqualTo(good("whole" + name, "The parcel was great"));
    }

    private static String hash(String run) {
        return Cli.read(home.resolve(run).resolve("run.json"))
                .path("model_sha256")
                .asText();
    }

    /** Other merges give other ids from the same vocabulary: the weights would fit. */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aRunIsNotResumedWithAnotherTokenizer() throws IOException, InterruptedException {
        Path file = Files.copy(TOKENIZERS.resolve("bpe.json"), home.resolve("changed.json"));
        String command = "train " + DATA + "--tokenizer $/changed.json --arch bilstm-8 --epochs 5 --out $/changed";
        Cli.killInEpoch(1, Cli.start(Cli.words(command, home)));
        withoutItsFirstMerge(file);
        assertThat(run("train --resume --out $/changed").err())
                .contains("cannot resume " + home.resolve("changed") + ": the preparation of the inputs has changed");
        Files.copy(TOKENIZERS.resolve("bpe.json"), file, StandardCopyOption.REPLACE_EXISTING);
        run("train --resume --out $/changed").done();
    }

    @Test
    void aFinishedRunIsNotReusedWithAnotherTokenizer() throws IOException {
        Path file = Files.copy(TOKENIZERS.resolve("bpe.json"), home.resolve("swapped.json"));
        run("train " + DATA + "--arch bag-8 --epochs 1 --out $/bag").done();
        String command = "compare " + DATA + "--teacher $/bag --tokenizer $/swapped.json --arch bilstm-8 --epochs 1 "
                + "--seeds 2 --out $/swapped";
        run(command).done();
        withoutItsFirstMerge(file);
        assertThat(run(command).err())
                .contains(home.resolve("swapped/alone/seed-0")
                        + " was made with other settings: preparation of the inputs is ")
                .contains("; choose another --out, or remove that folder");
        Files.copy(TOKENIZERS.resolve("bpe.json"), file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(run(command).err()).contains("alone, seed 0: already finished");
        Path recorded = home.resolve("swapped/alone/seed-0/run.json");
        ObjectNode old = (ObjectNode) Cli.read(recorded);
        ((ObjectNode) old.path("data")).remove("inputs_sha256");
        old.remove("file"); // the checksum of the content
        new ObjectMapper().writeValue(recorded.toFile(), old);
        withoutItsFirstMerge(file);
        assertThat(run(command).err())
                .as("records of earlier releases don't say how inputs were prepared")
                .contains("alone, seed 0: already finished")
                .contains("distilled/seed-0 was made with other settings: preparation of the inputs is ");
    }

    private static void withoutItsFirstMerge(Path tokenizer) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode tree = (ObjectNode) json.readTree(tokenizer.toFile());
        ((ArrayNode) tree.path("model").path("merges")).remove(0);
        json.writeValue(tokenizer.toFile(), tree);
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
