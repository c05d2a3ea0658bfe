package dev.limbeck.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.MissingFile;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.TokenizerType;
import dev.limbeck.text.TokenizerTypes;
import dev.limbeck.text.WordPiece;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Read tokenizers of Hugging Face's libraries: {@code tokenizer.json} or {@code vocab.txt}, alone or in a folder. */
public final class TokenizerFiles {
    private static final String JSON_NAME = "tokenizer.json";
    private static final String WORDS_NAME = "vocab.txt";
    private static final long MOST_BYTES = 1 << 26;
    private static final int MOST_WORDS = 1 << 21;
    /** The number of positions of most encoders. */
    private static final int MOST_TOKENS = 512;

    private static final String WORD_PIECE = "WordPiece";
    private static final String UNKNOWN = "[UNK]";
    private static final String FIRST = "[CLS]";
    private static final String LAST = "[SEP]";
    private static final String BERTS = FIRST + " A " + LAST;
    private static final int LONGEST_WORD = 100;
    private static final ObjectMapper JSON = new ObjectMapper();

    private TokenizerFiles() {}

    /** Return whether a folder has a tokenizer. */
    static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(JSON_NAME)) || Files.isRegularFile(folder.resolve(WORDS_NAME));
    }

    /**
     * Read a tokenizer.
     *
     * @param path a file, or a folder with one
     * @throws LimbeckException if it is missing, damaged, or of a kind that nothing on the class path reads
     */
    public static Tokenizer read(Path path) {
        Path file = Files.isDirectory(path)
                ? path.resolve(Files.isRegularFile(path.resolve(JSON_NAME)) ? JSON_NAME : WORDS_NAME)
                : path;
        if (!Files.exists(file)) {
            throw MissingFile.of("tokenizer", file, "expected tokenizer.json, vocab.txt or a folder with one of them");
        }
        IoErrors.requireFile(file);
        try {
            if (Files.size(file) > MOST_BYTES) throw IoErrors.in(file, "is larger than 64 MiB; expected a tokenizer");
            return file.toString().endsWith(".json") ? json(file) : words(file);
        } catch (CharacterCodingException e) {
            throw new LimbeckException(file + ": is not UTF-8 text; expected tokenizer.json or vocab.txt", e);
        } catch (IOException e) {
            throw new LimbeckException(
                    file + ": is not a tokenizer (" + Printable.quote(String.valueOf(e.getMessage())) + ")", e);
        } catch (LimbeckException e) {
            throw e.getMessage().startsWith(file.toString())
                    ? e
                    : new LimbeckException(file + ": " + e.getMessage(), e);
        }
    }

    private static WordPiece words(Path file) throws IOException {
        List<String> words = new ArrayList<>(Files.readAllLines(file, StandardCharsets.UTF_8));
        while (!words.isEmpty() && words.get(words.size() - 1).isEmpty()) words.remove(words.size() - 1);
        JsonNode config = config(file);
        requireRight(file, config, JSON.missingNode());
        boolean lowercase = config.path("do_lower_case").asBoolean(true);
        return new WordPiece(
                words,
                new WordPiece.Rules(
                        lowercase,
                        config.path("strip_accents").asBoolean(lowercase),
                        config.path("tokenize_chinese_chars").asBoolean(true)),
                most(config.path("model_max_length")));
    }

    /** Return a limit of tokens, at most that of most encoders. For none, transformers writes 1e30. */
    private static int most(JsonNode said) {
        return said.canConvertToInt() && said.asInt() > 0 ? Math.min(MOST_TOKENS, said.asInt()) : MOST_TOKENS;
    }

    /**
     * Refuse a tokenizer that cuts the start of a long text.
     *
     * @param config beside the file, which decides
     * @param truncation of the file
     */
    private static void requireRight(Path file, JsonNode config, JsonNode truncation) {
        String side = config.path("truncation_side")
                .asText(truncation.path("direction").asText("right"));
        if (side.equalsIgnoreCase("right")) return;
        throw IoErrors.in(
                file,
                "must cut long texts at their end (truncation right), found '" + Printable.quote(side)
                        + "'; set it to right if texts fit, or export the model as ONNX and use a function as teacher");
    }

    private static JsonNode config(Path file) throws IOException {
        Path beside = file.resolveSibling("tokenizer_config.json");
        if (!Files.isRegularFile(beside)) return JSON.createObjectNode();
        if (Files.size(beside) > MOST_BYTES)
            throw IoErrors.in(beside, "is larger than 64 MiB; expected a configuration");
        return JSON.readTree(beside.toFile());
    }

    private static Tokenizer json(Path file) throws IOException {
        JsonNode root = JSON.readTree(file.toFile());
        JsonNode model = root.path("model");
        String kind = model.path("type").asText(WORD_PIECE);
        requireRight(file, config(file), root.path("truncation"));
        int most = most(root.at("/truncation/max_length"));
        return kind.equals(WORD_PIECE) ? wordPiece(file, root, most) : other(file, kind, root, most);
    }

    /** Read a kind that another artifact brings. The token that fills rows stands in the file, or in the one beside it. */
    private static Tokenizer other(Path file, String kind, JsonNode root, int most) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(TokenizerType.KIND, kind.toLowerCase(Locale.ROOT));
        metadata.put(TokenizerType.MOST, String.valueOf(most));
        metadata.put(TokenizerType.JSON, Files.readString(file, StandardCharsets.UTF_8));
        JsonNode named = root.at("/padding/pad_token");
        if (!named.isTextual()) {
            JsonNode beside = config(file).path("pad_token");
            named = beside.isObject() ? beside.path("content") : beside;
        }
        if (named.isTextual()) metadata.put(TokenizerType.PAD, named.asText());
        return TokenizerTypes.of(metadata);
    }

    private static WordPiece wordPiece(Path file, JsonNode root, int most) {
        JsonNode model = root.path("model");
        JsonNode normalizer = root.path("normalizer");
        require(file, "normalizer", normalizer.path("type").asText(), "BertNormalizer");
        require(file, "pre_tokenizer", root.at("/pre_tokenizer/type").asText(), "BertPreTokenizer");
        require(
                file,
                "model.continuing_subword_prefix",
                model.path("continuing_subword_prefix").asText("##"),
                "##");
        require(file, "model.unk_token", model.path("unk_token").asText(UNKNOWN), UNKNOWN);
        require(
                file,
                "model.max_input_chars_per_word",
                model.path("max_input_chars_per_word").asText(String.valueOf(LONGEST_WORD)),
                String.valueOf(LONGEST_WORD));
        require(file, "normalizer.clean_text", normalizer.path("clean_text").asText("true"), "true");
        JsonNode vocabulary = model.path("vocab");
        int size = vocabulary.size();
        if (size < 1 || size > MOST_WORDS) {
            throw IoErrors.in(file, "must have a vocabulary of 1 to " + MOST_WORDS + " words, found " + size);
        }
        String[] words = new String[size];
        vocabulary.properties().forEach(word -> {
            int id = word.getValue().asInt(-1);
            if (id < 0 || id >= size || words[id] != null) {
                throw IoErrors.in(
                        file,
                        "must number its words from 0 to " + (size - 1) + ", found "
                                + Printable.quote(word.getValue().toString()) + " for '"
                                + Printable.quote(word.getKey())
                                + "'");
            }
            words[id] = word.getKey();
        });
        requireMarks(file, root.path("post_processor"), Arrays.asList(words));
        Set<String> marks = new LinkedHashSet<>();
        for (JsonNode added : root.path("added_tokens")) {
            String word = added.path("content").asText();
            int id = added.path("id").asInt(-1);
            if (id < 0 || id >= size || !word.equals(words[id])) {
                throw IoErrors.in(
                        file,
                        "adds the token '" + Printable.quote(word) + "' to its vocabulary, which is not supported");
            }
            boolean plain = !added.path("normalized").asBoolean()
                    && !added.path("single_word").asBoolean();
            if (!plain && !WordPiece.MARKS.contains(word)) {
                throw IoErrors.in(
                        file,
                        "cuts out the token '" + Printable.quote(word)
                                + "' of normalized texts or of whole words; set its normalized and single_word to false");
            }
            marks.add(word);
        }
        boolean lowercase = normalizer.path("lowercase").asBoolean(true);
        JsonNode strip = normalizer.path("strip_accents");
        return new WordPiece(
                Arrays.asList(words),
                new WordPiece.Rules(
                        lowercase,
                        strip.isBoolean() ? strip.asBoolean() : lowercase,
                        normalizer.path("handle_chinese_chars").asBoolean(true)),
                most,
                marks);
    }

    /** Refuse other marks around a text than those that WordPiece adds. */
    private static void requireMarks(Path file, JsonNode processor, List<String> words) {
        JsonNode single = processor.path("single");
        boolean fits = switch (processor.path("type").asText()) {
            case "BertProcessing" ->
                isMark(processor.path("cls").path(1), FIRST, words)
                        && isMark(processor.path("sep").path(1), LAST, words);
            case "TemplateProcessing" ->
                single.size() == 3
                        && isMark(special(processor, single.path(0)), FIRST, words)
                        && single.path(1).at("/Sequence/id").asText().equals("A")
                        && isMark(special(processor, single.path(2)), LAST, words);
            default -> false;
        };
        String said = single.isMissingNode() ? processor.path("type").asText("none") : single.toString();
        require(file, "post_processor", fits ? BERTS : said, BERTS);
    }

    /** Return the only id of a template's mark. */
    private static JsonNode special(JsonNode processor, JsonNode piece) {
        JsonNode ids = processor
                .path("special_tokens")
                .path(piece.at("/SpecialToken/id").asText())
                .path("ids");
        return ids.size() == 1 ? ids.path(0) : JSON.missingNode();
    }

    private static boolean isMark(JsonNode id, String mark, List<String> words) {
        return id.isInt() && id.asInt() == words.indexOf(mark);
    }

    private static void require(Path file, String key, String found, String expected) {
        if (found.equals(expected)) return;
        throw IoErrors.in(
                file,
                "must have " + key + " " + expected + " as BERT's tokenizers do, found '" + Printable.quote(found)
                        + "'; use a model with such a tokenizer, or export it as ONNX and use a function as teacher");
    }
}
