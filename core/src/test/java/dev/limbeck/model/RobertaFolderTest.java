package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Bert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Test folders of RoBERTa and XLM-R that transformers 5.18 wrote, of random weights, with the ids and the float64 logits that it computed for
 * padded texts.
 */
class RobertaFolderTest {
    private static final Path RESOURCES = Path.of("src", "test", "resources", "dev", "limbeck", "model");
    private static final Path TOKENIZERS =
            Path.of("..", "tokenizers", "src", "test", "resources", "dev", "limbeck", "tokenizers");

    @TempDir
    Path home;

    private Path folder(String name) throws IOException {
        Path folder = home.resolve(name);
        FileUtils.copyDirectory(RESOURCES.resolve(name).toFile(), folder.toFile());
        String kind = name.equals("tiny-roberta") ? "bpe" : "unigram";
        Files.copy(TOKENIZERS.resolve(kind + ".json"), folder.resolve("tokenizer.json"));
        return folder;
    }

    private static long[] longs(JsonNode row) {
        return new ObjectMapper().convertValue(row, long[].class);
    }

    @ParameterizedTest
    @CsvSource({"tiny-roberta, bpe", "tiny-xlm-roberta, unigram"})
    void idsAndLogitsAreThoseOfTransformersPaddedOrAlone(String name, String kind) throws IOException {
        Path folder = folder(name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        JsonNode rows = expected.path("ids");
        try (SavedModel model = SavedModel.open(folder, null);
                Script script = ScriptWriter.compile(model.module());
                Scope scope = Scope.open()) {
            assertThat(model.classNames()).containsExactly("card", "payment", "other");
            assertThat(model.architecture()).isEqualTo("roberta-L2-H8-A2-I16-P24");
            assertThat(model.preprocessing()).containsEntry("tokenizer", kind).containsEntry("most_ids", "24");
            Tokenizer tokenizer =
                    TextPreprocessing.of("text").with(model.preprocessing()).tokenizer();
            long[] flat = new long[0];
            for (int row = 0; row < rows.size(); row++) {
                long[] padded = longs(rows.path(row));
                long[] alone = tokenizer.encode(expected.path("texts").path(row).asText());
                assertThat(Arrays.stream(padded).filter(id -> id != 1)).containsExactly(box(alone));
                flat = concat(flat, padded);
                float[] logits =
                        Tensors.toFloats(model.module().predict(Inputs.of(Tensors.of(alone, 1, alone.length))));
                compare(logits, expected.path("logits").path(row));
            }
            Tensor ids = Tensors.of(flat, rows.size(), flat.length / rows.size());
            float[] logits = Tensors.toFloats(model.module().predict(Inputs.of(ids)));
            float[] scripted = Tensors.toFloats(script.forward(ids));
            for (int row = 0; row < rows.size(); row++) {
                compare(
                        Arrays.copyOfRange(logits, 3 * row, 3 * row + 3),
                        expected.path("logits").path(row));
                compare(
                        Arrays.copyOfRange(scripted, 3 * row, 3 * row + 3),
                        expected.path("logits").path(row));
            }
        }
    }

    private static void compare(float[] found, JsonNode expected) {
        for (int c = 0; c < found.length; c++) {
            assertThat(found[c]).isCloseTo((float) expected.path(c).asDouble(), within(1e-5f));
        }
    }

    private static Long[] box(long... values) {
        return Arrays.stream(values).boxed().toArray(Long[]::new);
    }

    private static long[] concat(long[] one, long... other) {
        long[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    @Test
    void aFileOfALanguageModelIsTheBodyOfANewClassifier() throws IOException {
        Path folder = folder("tiny-roberta");
        Path config = folder.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("RobertaForSequenceClassification", "RobertaForMaskedLM"));
        Path weights = folder.resolve("model.safetensors");
        try (StateDict state = Safetensors.read(weights)) {
            state.put("lm_head.dense.weight", Scope.retain(Tensors.copy(state.get("classifier.dense.weight"))));
            state.put("lm_head.bias", Scope.retain(Tensors.copy(state.get("classifier.dense.bias"))));
            Safetensors.write(state, weights);
        }
        HuggingFaceFolder read = HuggingFaceFolder.read(folder);
        assertThat(read.architecture().name()).isEqualTo("roberta-L2-H8-A2-I16-P24-mean");
        assertThatThrownBy(() -> SavedModel.open(folder, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("has no classifier; fine-tune one with train --weights");
        List<InputSpec> inputs = List.of(InputSpec.ids(InputSpec.TOKENS, 420, 1, InputSpec.FREE));
        try (Module network = read.architecture().create(5, inputs);
                Scope scope = Scope.open()) {
            String said = BackboneWeights.load(folder, null, null, network, read.architecture());
            assertThat(said).contains("37 tensors read from " + folder).contains("left out: ", "lm_head.dense.weight");
            assertThat(Tensors.toFloats(network.predict(Inputs.of(Tensors.of(new long[] {0, 5, 2}, 1, 3)))))
                    .hasSize(5);
        }
        Bert.Size other = new Bert.Size(2, 8, 2, 16, 24, Bert.Pooling.MEAN);
        try (Module network = other.architecture().create(5, inputs)) {
            assertThatThrownBy(() -> BackboneWeights.load(folder, null, null, network, other.architecture()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("is a roberta-L2-H8-A2-I16-P24-mean, found bert-L2-H8-A2-I16-P24-mean");
        }
    }

    /** Older files have BERT's pooler, which their classifier does not read. */
    @Test
    void theClassifiersOwnLayerComesFirst() throws IOException {
        Path folder = folder("tiny-roberta");
        Path weights = folder.resolve("model.safetensors");
        float[] own;
        try (StateDict state = Safetensors.read(weights);
                Scope scope = Scope.open()) {
            own = Tensors.toFloats(state.get("classifier.dense.weight"));
            for (String part : List.of("weight", "bias")) {
                Tensor zeros = Tensors.zerosLike(state.get("classifier.dense." + part));
                state.put("roberta.pooler.dense." + part, Scope.retain(zeros));
            }
            Safetensors.write(state, weights);
        }
        try (SavedModel model = SavedModel.open(folder, null);
                Scope scope = Scope.open()) {
            assertThat(Tensors.toFloats(model.module().parameters().get("bert.pooler.dense.weight")))
                    .containsExactly(own);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "config.json | \"layer_norm_eps\": 1e-05 | \"layer_norm_eps\": 1e-12 | must have layer_norm_eps 1.0E-5, found 1.0E-12",
                "config.json | \"layer_norm_eps\": 1e-05, | '' | must have layer_norm_eps 1.0E-5, found 1e-12",
                "config.json | \"type_vocab_size\": 1 | \"type_vocab_size\": 2 | must have type_vocab_size 1, found '2'",
                "config.json | \"pad_token_id\": 1 | \"pad_token_id\": 0 | must have pad_token_id 1, found '0'",
                "config.json | \"max_position_embeddings\": 26 | \"max_position_embeddings\": 2 | must have max_position_embeddings above 2, found 2",
                "config.json | \"max_position_embeddings\": 26 | \"max_position_embeddings\": 20 | lacks 1 tensors",
                "config.json | \"vocab_size\": 420 | \"vocab_size\": 400 | its tokenizer has 420 words, its model 400; use the tokenizer of this model",
                "config.json | \"model_type\": \"roberta\" | \"model_type\": \"albert\" | must be bert, distilbert, roberta or xlm-roberta, found 'albert'",
                "tokenizer.json | {\"version\" | [\"version\" | tokenizer.json: is not a tokenizer (",
                "tokenizer.json | \"type\":\"ByteLevel\",\"add_prefix_space\":false | \"type\":\"Delphi\",\"add_prefix_space\":false | tokenizer.json: the tokenizer must have pre_tokenizer.type as one of",
                "tokenizer.json | \"type\":\"BPE\" | \"type\":\"WordLevel\" | the tokenizer is of the kind 'wordlevel', which nothing on the class path reads; expected wordpiece, bpe, unigram",
                "tokenizer.json | \"<pad>\" | \"<fill>\" | must have the token '<pad>' that fills shorter texts"
            })
    void whatDoesNotFitIsOneLine(String file, String from, String to, String message) throws IOException {
        Path folder = folder("tiny-roberta");
        Path changed = folder.resolve(file);
        String text = Files.readString(changed);
        assertThat(text).contains(from);
        Files.writeString(changed, text.replace(from, to));
        assertThatThrownBy(() -> SavedModel.open(folder, null))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void theTokenThatFillsRowsMayBeNamedBesideTheFile() throws IOException {
        Path folder = folder("tiny-roberta");
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, Files.readString(file).replace("\"<pad>\"", "\"<fill>\""));
        Path beside = folder.resolve("tokenizer_config.json");
        for (String said : List.of("\"<fill>\"", "{\"content\": \"<fill>\"}")) {
            Files.writeString(beside, "{\"pad_token\": " + said + "}");
            assertThat(TokenizerFiles.read(folder).pad()).isEqualTo(1);
        }
        Files.writeString(beside, "{\"pad_token\": \"<none>\"}");
        assertThatThrownBy(() -> TokenizerFiles.read(folder))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(file + ": the tokenizer must have the token '<none>'");
    }
}
