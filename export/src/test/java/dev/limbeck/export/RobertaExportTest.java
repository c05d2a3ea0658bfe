package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.model.SavedModel;
import dev.limbeck.onnx.OnnxSession;
import dev.limbeck.onnx.TextPredictor;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that exported RoBERTa and XLM-R hold their tokenizers, and that serving has the ids and logits of training. */
class RobertaExportTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @CsvSource({"tiny-roberta, bpe", "tiny-xlm-roberta, unigram"})
    void theFileReadsTextsAsTheModelDoes(String name, String kind) throws IOException {
        Path folder = home.resolve(name);
        FileUtils.copyDirectory(
                Path.of("../core/src/test/resources/dev/limbeck/model", name).toFile(), folder.toFile());
        Files.copy(
                Path.of("../tokenizers/src/test/resources/dev/limbeck/tokenizers", kind + ".json"),
                folder.resolve("tokenizer.json"));
        List<String> texts = List.of(
                "Where is my card?",
                "",
                "le café 😀 \ud800 你好",
                "lost ".repeat(50).strip());
        try (SavedModel model = SavedModel.open(folder, null)) {
            Tokenizer tokens =
                    TextPreprocessing.of("text").with(model.preprocessing()).tokenizer();
            assertThat(tokens.encode(texts.get(3))).hasSize(24);
            Path out = home.resolve("dist");
            Exporter.of(model.module(), model.task(), new TextPreprocessing("text", tokens))
                    .as(Format.ONNX, Format.TORCHSCRIPT)
                    .export(out);
            try (OnnxSession session = OnnxSession.open(out.resolve("model.onnx"), 1)) {
                Tokenizer served =
                        TextPreprocessing.of("text").with(session.metadata()).tokenizer();
                assertThat(served).isEqualTo(tokens);
            }
            try (TextPredictor predictor = TextPredictor.open(out.resolve("model.onnx"));
                    Scope scope = Scope.open()) {
                for (int i = 0; i < texts.size(); i++) {
                    long[] ids = tokens.encode(texts.get(i));
                    Tensor alone = Tensors.of(ids, 1, ids.length);
                    double[] expected = Tensors.toDoubles(model.module().predict(Inputs.of(alone)));
                    assertThat(predictor.predictAll(texts).get(i).logits()).containsExactly(expected, within(1e-5));
                    assertThat(predictor.predict(texts.get(i)).logits()).containsExactly(expected, within(1e-5));
                    // Texts of files are stripped in training.
                    assertThat(predictor.predict(" \n" + texts.get(i) + "  ").logits())
                            .containsExactly(expected, within(1e-5));
                }
            }
        }
    }
}
