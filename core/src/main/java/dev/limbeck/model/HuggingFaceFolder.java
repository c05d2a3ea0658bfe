package dev.limbeck.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Modalities;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.weights.WeightCheck;
import dev.limbeck.weights.WeightFile;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Read a folder of Hugging Face's transformers with BERT, MiniLM, DistilBERT, RoBERTa or XLM-R: {@code config.json}, the tokenizer, and {@code
 * model.safetensors} or {@code pytorch_model.bin}.
 *
 * @param size size of the encoder
 * @param task the task, with the names of the outputs, from the configuration; without names if there is no classifier
 * @param weights file of the weights
 */
public record HuggingFaceFolder(Path folder, Bert.Size size, Tokenizer tokenizer, Task task, Path weights) {
    private static final String CONFIG = "config.json";
    private static final long MOST_BYTES = 1 << 24;
    private static final Set<String> KINDS = Set.of("bert", "distilbert", "roberta", "xlm-roberta");
    private static final String CLASSIFIER = "classifier.";
    private static final String SEGMENTS = "bert.embeddings.token_type_embeddings.weight";
    private static final List<String> WEIGHTS = List.of("model.safetensors", "pytorch_model.bin");
    /** Heads of other tasks, and buffers. */
    private static final Pattern UNUSED = Pattern.compile("cls\\..*|vocab_.*|qa_outputs\\..*|.*position_ids");

    /** Parts of DistilBERT's names and BERT's, in the order in which they are replaced. */
    private static final Map<String, String> DISTILBERT = ordered(
            "distilbert.", "",
            "transformer.layer.", "encoder.layer.",
            ".attention.q_lin.", ".attention.self.query.",
            ".attention.k_lin.", ".attention.self.key.",
            ".attention.v_lin.", ".attention.self.value.",
            ".attention.out_lin.", ".attention.output.dense.",
            ".sa_layer_norm.", ".attention.output.LayerNorm.",
            ".ffn.lin1.", ".intermediate.dense.",
            ".ffn.lin2.", ".output.dense.",
            ".output_layer_norm.", ".output.LayerNorm.",
            "pre_classifier.", "pooler.dense.");

    /** The same for RoBERTa, whose classifier has BERT's pooler in it. */
    private static final Map<String, String> ROBERTA =
            ordered("roberta.", "", "classifier.dense.", "pooler.dense.", "classifier.out_proj.", CLASSIFIER);

    private static final ObjectMapper JSON = new ObjectMapper();

    private static Map<String, String> ordered(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) map.put(pairs[i], pairs[i + 1]);
        return map;
    }

    /** Return whether a folder is one of transformers. */
    public static boolean isAt(Path folder) {
        return Files.isDirectory(folder)
                && Files.isRegularFile(folder.resolve(CONFIG))
                && !Files.isRegularFile(folder.resolve("run.json"));
    }

    /**
     * Read the configuration and the tokenizer.
     *
     * @throws LimbeckException if a file is missing or damaged, or the model is of another kind
     */
    public static HuggingFaceFolder read(Path folder) {
        Path file = folder.resolve(CONFIG);
        JsonNode config = config(file);
        String type = config.path("model_type").asText();
        String others = type.isEmpty() ? ForeignFolder.weights(folder) : "";
        if (!others.isEmpty()) {
            throw IoErrors.in(
                    file,
                    "has no model_type, so the folder is none of transformers; for a network of images give its file of weights, "
                            + others);
        }
        if (!KINDS.contains(type)) {
            throw new LimbeckException(
                    file + ": its model_type must be bert, distilbert, roberta or xlm-roberta, found '"
                            + Printable.quote(type)
                            + "'; export the model as ONNX or TorchScript, or use a function as teacher");
        }
        boolean distilbert = type.equals("distilbert");
        Bert.Style style = type.endsWith("roberta") ? Bert.Style.ROBERTA : Bert.Style.BERT;
        require(file, config, distilbert ? "activation" : "hidden_act", "gelu");
        require(file, config, "position_embedding_type", "absolute");
        // What transformers leaves out is BERT's, also for RoBERTa.
        String segments = config.path("type_vocab_size").asText("2");
        if (!distilbert && !segments.equals(String.valueOf(style.segments()))) {
            throw IoErrors.in(
                    file,
                    "must have type_vocab_size " + style.segments() + ", found '" + Printable.quote(segments)
                            + "'; choose another model");
        }
        if (distilbert) require(file, config, "sinusoidal_pos_embds", "false");
        if (config.path("layer_norm_eps").asDouble(Bert.Style.BERT.eps()) != style.eps()) {
            throw IoErrors.in(
                    file,
                    "must have layer_norm_eps " + style.eps() + ", found "
                            + Printable.quote(config.path("layer_norm_eps").asText("1e-12"))
                            + "; choose another model");
        }
        Path weights = WEIGHTS.stream()
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new LimbeckException(
                        folder + " must have its weights in model.safetensors or pytorch_model.bin, found neither; "
                                + "join weights that are split into several files"));
        Task task = task(file, config);
        Bert.Pooling pooling =
                task.names().isEmpty() ? Bert.Pooling.MEAN : distilbert ? Bert.Pooling.RELU : Bert.Pooling.TANH;
        if (!TokenizerFiles.isIn(folder)) {
            throw new LimbeckException(
                    folder + " must have a tokenizer.json or vocab.txt, found neither; copy it there");
        }
        Tokenizer tokenizer = TokenizerFiles.read(folder);
        int words = whole(file, config, "vocab_size");
        if (tokenizer.size() > words) {
            throw new LimbeckException(folder + ": its tokenizer has " + tokenizer.size() + " words, its model " + words
                    + "; use the tokenizer of this model");
        }
        long pad = tokenizer.pad();
        long start = style.firstPosition(pad);
        if (style == Bert.Style.ROBERTA) require(file, config, "pad_token_id", String.valueOf(pad));
        int rows = whole(file, config, "max_position_embeddings");
        if (rows <= start) {
            throw IoErrors.in(
                    file,
                    "must have max_position_embeddings above " + start + ", found " + rows + "; choose another model");
        }
        Bert.Size size = new Bert.Size(
                style,
                whole(file, config, distilbert ? "n_layers" : "num_hidden_layers"),
                whole(file, config, distilbert ? "dim" : "hidden_size"),
                whole(file, config, distilbert ? "n_heads" : "num_attention_heads"),
                whole(file, config, distilbert ? "hidden_dim" : "intermediate_size"),
                rows - start,
                pooling);
        int most = (int) Math.min(tokenizer.most(), size.positions());
        return new HuggingFaceFolder(folder, size, tokenizer.withMost(most), task, weights);
    }

    private static JsonNode config(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES)
                throw IoErrors.in(file, "is larger than 16 MiB; expected a configuration");
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new LimbeckException(file + ": is not JSON; expected a configuration of transformers", e);
        }
    }

    /**
     * Return the number of heads that the configuration beside a file of weights says.
     *
     * @return empty if there is none, or it does not say it
     */
    static OptionalInt heads(Path weights) {
        Path file = weights.resolveSibling(CONFIG);
        if (!Files.isRegularFile(file)) return OptionalInt.empty();
        JsonNode config = config(file);
        JsonNode said = config.path(config.has("n_heads") ? "n_heads" : "num_attention_heads");
        return said.isInt() ? OptionalInt.of(said.asInt()) : OptionalInt.empty();
    }

    /**
     * Refuse a place in a file for a folder, which has one set of weights.
     *
     * @param weightsKey null for none
     */
    static void requireNoKey(Path folder, @Nullable String weightsKey) {
        if (weightsKey == null) return;
        throw new LimbeckException("weights_key (--weights-key) chooses among the weights of a file, found "
                + Printable.quote(weightsKey) + " for the folder " + folder + "; leave it out, or give a file");
    }

    private static void require(Path file, JsonNode config, String key, String expected) {
        String found = config.path(key).asText(expected);
        if (found.equals(expected)) return;
        throw IoErrors.in(
                file,
                "must have " + key + " " + expected + ", found '" + Printable.quote(found) + "'; choose another model");
    }

    private static int whole(Path file, JsonNode config, String key) {
        JsonNode value = config.path(key);
        if (value.isInt() && value.asInt() > 0 && value.asInt() < 1 << 22) return value.asInt();
        throw IoErrors.in(
                file, "must have " + key + " from 1 to " + (1 << 22) + ", found " + Printable.quote(value.toString()));
    }

    /** Return the task that transformers trains the classifier for; its numbers are in the targets' units. */
    private static Task task(Path file, JsonNode config) {
        List<String> names = outputs(config);
        JsonNode said = config.path("problem_type");
        boolean silent = names.isEmpty() || said.isMissingNode() || said.isNull();
        // What transformers assumes where nothing is said.
        if (silent) return names.size() == 1 ? new Task.Regression(names) : new Task.SingleLabel(names);
        return switch (said.asText()) {
            case "single_label_classification" -> new Task.SingleLabel(names);
            case "multi_label_classification" -> new Task.MultiLabel(names);
            case "regression" -> new Task.Regression(names);
            default ->
                throw IoErrors.in(
                        file,
                        "must have problem_type single_label_classification, multi_label_classification or regression, found "
                                + Printable.quote(said.toString()) + "; correct it");
        };
    }

    /** Return the names of the outputs if the model has a classifier. */
    private static List<String> outputs(JsonNode config) {
        boolean classifies = config.path("architectures").path(0).asText().endsWith("ForSequenceClassification");
        if (!classifies) return List.of();
        JsonNode names = config.path("id2label");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < names.size(); i++)
            found.add(names.path(String.valueOf(i)).asText("LABEL_" + i));
        return found.isEmpty() ? List.of("LABEL_0", "LABEL_1") : found;
    }

    /** Return the architecture. */
    public Architecture architecture() {
        return size.architecture();
    }

    /** Return the preprocessing of its texts, as saved models describe it. */
    public Map<String, String> preprocessing() {
        return Modalities.metadata(new TextPreprocessing("text", tokenizer));
    }

    /**
     * Open it with its classifier.
     *
     * @throws LimbeckException if it has no classifier, or its weights do not fit
     */
    SavedModel open() {
        if (task.names().isEmpty()) {
            throw new LimbeckException(folder + " has no classifier; fine-tune one with train --weights " + folder
                    + " --arch " + architecture().name());
        }
        Map<String, String> preprocessing = preprocessing();
        WeightFile file = WeightFiles.open(weights);
        Module network = SavedModel.created(file, architecture(), task.outputs(), Modalities.inputs(preprocessing));
        try {
            List<String> notes = load(file, network, name -> true, null);
            network.eval();
            return new SavedModel(
                    network, architecture().name(), task, true, preprocessing, network.sha256(), weights, null, notes);
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    /**
     * Load the encoder into a network, which keeps its classifier.
     *
     * @param layers one for each layer of the network; null for all, or evenly from the first if this has more
     * @return lines about what was read and left out
     * @throws LimbeckException if the network is of another size, or the weights do not fit
     */
    List<String> loadEncoder(Module network, Architecture into, @Nullable List<Integer> layers) {
        Bert.Size own = Bert.Size.of(network.describe()).orElse(null);
        if (own == null || !size.withLayers(own.layers()).hasSameEncoder(own)) {
            throw new LimbeckException(folder + " is a " + architecture().name() + ", found " + into.name()
                    + "; set the architecture (student, --arch) to "
                    + architecture().name());
        }
        KeptLayers kept = KeptLayers.of(folder, size.layers(), own.name(), own.layers(), layers);
        return load(WeightFiles.open(weights), network, name -> !name.startsWith(CLASSIFIER), kept);
    }

    /**
     * Load.
     *
     * @param wanted names that must be there
     * @param kept layers to load; null for all
     */
    private List<String> load(WeightFile from, Module network, Predicate<String> wanted, @Nullable KeptLayers kept) {
        try (StateDict file = from.read(null);
                StateDict values = network.stateDict()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            // RoBERTa's classifier has a layer of its own, and older files have BERT's unused one besides.
            file.tensors()
                    .forEach((name, tensor) -> all.merge(
                            renamed(name), tensor, (one, other) -> name.startsWith(CLASSIFIER) ? other : one));
            Map<String, Tensor> offered = kept == null ? all : kept.select(all);
            Map<String, Tensor> found = new LinkedHashMap<>();
            List<String> missing = new ArrayList<>();
            for (String name : values.names()) {
                Tensor tensor = offered.get(name);
                boolean fits = tensor != null
                        && fits(name, tensor.shape(), values.get(name).shape());
                if (fits) found.put(name, tensor);
                else if (wanted.test(name) && !isOptional(name)) missing.add(name);
            }
            if (!missing.isEmpty()) {
                throw new LimbeckException(weights + " lacks " + missing.size() + " tensors of a " + network.describe()
                        + " or has them in other shapes, such as " + missing.get(0)
                        + "; its config.json may be of another model");
            }
            found.keySet().removeIf(wanted.negate());
            WeightCheck.require(weights, found);
            try (Scope scope = Scope.open()) {
                found.forEach((name, tensor) -> values.put(
                        name, Scope.retain(copied(tensor, values.get(name).shape()))));
                if (!found.containsKey(SEGMENTS) && values.contains(SEGMENTS)) {
                    values.put(SEGMENTS, Scope.retain(Tensors.zerosLike(values.get(SEGMENTS))));
                }
            }
            network.load(values);
            List<String> lines = new ArrayList<>(List.of(found.size() + " tensors read from " + weights));
            if (kept != null && !kept.isWhole()) {
                lines.add(kept.describe(values.names().stream()
                        .filter(name -> !found.containsKey(name) && !name.equals(SEGMENTS))
                        .toList()));
            }
            List<String> rest = offered.keySet().stream()
                    .filter(name ->
                            !found.containsKey(name) && !UNUSED.matcher(name).matches())
                    .toList();
            if (!rest.isEmpty()) lines.add("left out: " + rest.stream().limit(5).collect(Collectors.joining(", ")));
            return lines;
        }
    }

    /** A mean of tokens needs no pooler, and DistilBERT has one segment. */
    private boolean isOptional(String name) {
        return name.equals(SEGMENTS) || task.names().isEmpty() && name.startsWith("bert.pooler.");
    }

    /** A vocabulary may have fewer words than the model has rows. */
    private static boolean fits(String name, long[] found, long[] wanted) {
        if (Arrays.equals(found, wanted)) return true;
        return name.equals("bert.embeddings.word_embeddings.weight")
                && found.length == 2
                && found[1] == wanted[1]
                && found[0] >= wanted[0];
    }

    private static Tensor copied(Tensor tensor, long... shape) {
        return Tensors.copy(tensor.size(0) == shape[0] ? tensor : tensor.narrow(0, 0, shape[0]));
    }

    private String renamed(String name) {
        String found = name;
        Map<String, String> parts = size.style() == Bert.Style.ROBERTA ? ROBERTA : DISTILBERT;
        for (Map.Entry<String, String> part : parts.entrySet()) {
            found = found.replace(part.getKey(), part.getValue());
        }
        found = found.replaceFirst("\\.gamma$", ".weight").replaceFirst("\\.beta$", ".bias");
        boolean inside = Stream.of("embeddings.", "encoder.", "pooler.").anyMatch(found::startsWith);
        return inside ? "bert." + found : found;
    }
}
