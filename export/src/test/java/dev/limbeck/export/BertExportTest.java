package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.onnx.TextPredictor;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import dev.limbeck.zoo.Bert;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Test that an exported encoder holds its tokenizer, and that padding changes nothing. */
class BertExportTest {
    private static final List<String> WORDS =
            List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "my", "card", "is", "lost", "late", "##ly", "where", "?");

    @TempDir
    Path home;

    @ParameterizedTest
    @EnumSource
    void theFileReadsTextsAsTheModelDoes(Bert.Pooling pooling) {
        WordPiece tokens = new WordPiece(WORDS, WordPiece.Rules.uncased(), 16);
        Tensors.seed(4);
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, WORDS.size(), 0, InputSpec.FREE));
        try (Module network =
                new Bert.Size(2, 8, 2, 32, 16, pooling).architecture().create(2, inputs)) {
            network.eval();
            Path out = home.resolve("dist");
            Exporter.of(network, new Task.SingleLabel(List.of("card", "other")), new TextPreprocessing("text", tokens))
                    .as(Format.ONNX, Format.TORCHSCRIPT)
                    .export(out);
            List<String> texts = List.of("Where is my card?", "Lately lost", "");
            try (TextPredictor predictor = TextPredictor.open(out.resolve("model.onnx"));
                    Scope scope = Scope.open()) {
                for (int i = 0; i < texts.size(); i++) {
                    long[] ids = tokens.encode(texts.get(i));
                    Tensor alone = Tensors.of(ids, 1, ids.length);
                    double[] expected = Tensors.toDoubles(network.predict(Inputs.of(alone)));
                    assertThat(predictor.predictAll(texts).get(i).logits()).containsExactly(expected, within(1e-4));
                    assertThat(predictor.predict(texts.get(i)).logits()).containsExactly(expected, within(1e-4));
                }
            }
        }
    }
}
