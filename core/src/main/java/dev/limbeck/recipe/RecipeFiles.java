package dev.limbeck.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.NameTransformer;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.MissingFile;
import dev.limbeck.run.RenamedKeys;
import dev.limbeck.run.RunJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Convert recipes to text and back, with one-line error messages. */
public final class RecipeFiles {
    private static final long LARGEST = 1 << 20;

    // JSON is a subset of YAML, so one mapper reads both.
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .stringQuotingChecker(new SafeQuotes())
                    .build())
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .setSerializationInclusion(JsonInclude.Include.NON_NULL)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .registerModule(new SimpleModule()
                    .addDeserializer(DataRecipe.class, new DataSection())
                    .addDeserializer(TeacherInputs.class, new InputsOfTeachers()));

    private static final int RECORD_START = 64;

    private RecipeFiles() {}

    private static ObjectNode tree(Path file) {
        if (!Files.exists(file)) throw new LimbeckException("no recipe " + file + MissingFile.meant(file));
        IoErrors.requireFile(file);
        try {
            IoErrors.requireFetched(file);
            if (Files.size(file) > LARGEST) throw new LimbeckException(file + " is too large for a recipe");
            return tree(text(file), file.toString());
        } catch (CharacterCodingException e) {
            throw new LimbeckException(
                    file + " must be text in UTF-8, found bytes that are not, as in Latin-1; save it as UTF-8", e);
        } catch (IOException e) {
            throw new LimbeckException("cannot read the recipe " + file + ": " + e.getMessage(), e);
        }
    }

    /** Read UTF-8 text, or UTF-16 with a byte order mark, as Windows editors write it. */
    private static String text(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        boolean big = bytes.length > 1 && bytes[0] == (byte) 0xfe && bytes[1] == (byte) 0xff;
        boolean little = bytes.length > 1 && bytes[0] == (byte) 0xff && bytes[1] == (byte) 0xfe;
        String text = (big || little ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8)
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    /**
     * Read a recipe file as a tree without binding it, so that callers can set more keys. A {@code run.json} gives the
     * recipe that repeats the run.
     */
    public static ObjectNode recipeTree(Path file) {
        if (isRecord(file)) {
            // A run record has no size limit. Converted through text to bind like a recipe file.
            ObjectNode run = RunJson.read(file);
            if (run.get("recipe") instanceof ObjectNode recipe && run.has("model_sha256")) {
                RenamedKeys.inStoredRecipe(recipe);
                return tree(recipe.toString(), file.toString());
            }
        }
        return tree(file);
    }

    /** Return whether a file starts as the JSON object of a run record. */
    private static boolean isRecord(Path file) {
        if (!Files.isRegularFile(file)) return false;
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(RECORD_START), StandardCharsets.UTF_8)
                    .matches("(?s)\\s*\\{\\s*\"limbeck\".*");
        } catch (IOException e) {
            return false; // reported when the file is read
        }
    }

    /** Reject unknown keys before missing values are reported: a missing value may be present under a wrong name. */
    public static void refuseUnknownKeys(JsonNode tree, String origin) {
        named(origin, () -> Declarations.requireKnown(tree, Recipe.class, ""));
    }

    private static void named(String origin, Runnable check) {
        try {
            check.run();
        } catch (LimbeckException e) {
            throw origin.isEmpty() ? e : new LimbeckException(origin + ": " + e.getMessage(), e);
        }
    }

    static ObjectNode tree(String text, String origin) {
        try (JsonParser parser = new ScalarsAsText(YAML.createParser(text))) {
            if (YAML.readTree(parser) instanceof ObjectNode tree) {
                RenamedKeys.inRecipe(tree, origin);
                return tree;
            }
            throw new LimbeckException(origin + " is not a recipe; expected keys such as data, student and training");
        } catch (JsonProcessingException e) {
            List<String> lines = text.lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (!lines.get(i).matches(" *\t.*")) continue;
                throw new LimbeckException(
                        origin + ":" + (i + 1) + ": is indented by a tab, which YAML does not allow; use spaces", e);
            }
            throw new LimbeckException(
                    origin + place(e) + ": is not YAML ("
                            + Printable.quote(WrongValue.firstLine(e.getOriginalMessage())) + ")",
                    e);
        } catch (IOException e) {
            throw new IllegalStateException("text in memory can always be read", e);
        }
    }

    /**
     * Return a recipe's tree over a preset: its values come first. Without a teacher, the preset's distillation is left out.
     *
     * @param preset a name, see {@link Presets}; null for none
     * @param hasTeacher whether the recipe has a teacher, or will have one
     */
    public static ObjectNode over(@Nullable String preset, ObjectNode recipe, boolean hasTeacher) {
        if (preset == null) return recipe;
        ObjectNode tree = tree(Presets.yaml(preset), "the preset " + preset);
        if (!hasTeacher && !recipe.has("teacher")) tree.remove("distillation");
        merge(tree, recipe);
        return tree;
    }

    /**
     * Write the values of a tree over those of another. Lists are replaced as a whole. A section that is empty says nothing.
     *
     * @throws LimbeckException if one of them has a value where the other has a section
     */
    public static void merge(ObjectNode recipe, ObjectNode given) {
        given.properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            if (value instanceof ObjectNode section) merge(section(recipe, entry.getKey()), section);
            else if (!isEmpty(value) || !recipe.path(entry.getKey()).isObject()) recipe.set(entry.getKey(), value);
        });
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull() || value.isTextual() && value.asText().isBlank();
    }

    /**
     * Return a section of a tree, made if there is none.
     *
     * @throws LimbeckException if there is a value in its place
     */
    public static ObjectNode section(ObjectNode tree, String name) {
        JsonNode there = tree.path(name);
        if (there instanceof ObjectNode section) return section;
        if (there.isMissingNode() || isEmpty(there)) return tree.putObject(name);
        throw new LimbeckException(
                name + " must be keys with values, found " + there.asText() + "; write them as a section");
    }

    /** Return an empty tree. */
    public static ObjectNode tree() {
        return YAML.createObjectNode();
    }

    static ObjectNode tree(Recipe recipe) {
        ObjectNode tree = YAML.valueToTree(recipe);
        String kind = recipe.data().kind();
        if (!kind.equals(DataRecipes.DEFAULT)) tree.withObject("/data").put(DataRecipes.KIND, kind);
        return tree;
    }

    /** Bind a data section to the record of its kind. */
    private static final class DataSection extends StdDeserializer<DataRecipe> {
        private static final long serialVersionUID = 1L;

        DataSection() {
            super(DataRecipe.class);
        }

        @Override
        public DataRecipe deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            JsonNode tree = context.readTree(parser);
            DataRecipeType type = DataRecipes.kind(tree);
            String kind = tree.path(DataRecipes.KIND).asText();
            if (tree instanceof ObjectNode section) {
                section.remove(DataRecipes.KIND);
                type.complete(section);
            }
            DataRecipe made = context.readTreeAsValue(tree, type.type());
            if (kind.isEmpty() || kind.equals(made.kind())) return made;
            throw new LimbeckException("data.kind is " + kind + ", found settings of " + made.kind()
                    + " data; leave kind out, or set what " + kind + " data needs, such as text_column for text");
        }
    }

    /** Bind the settings of a teacher's inputs, which stand among the teacher's own, to the record of their kind of data. */
    private static final class InputsOfTeachers extends StdDeserializer<TeacherInputs> {
        private static final long serialVersionUID = 1L;

        InputsOfTeachers() {
            super(TeacherInputs.class);
        }

        /** {@inheritDoc} Jackson unwraps a property if this is another object. */
        @Override
        public JsonDeserializer<TeacherInputs> unwrappingDeserializer(NameTransformer names) {
            return new InputsOfTeachers();
        }

        @Override
        public @Nullable TeacherInputs deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            JsonNode tree = context.readTree(parser);
            for (Class<? extends TeacherInputs> type : DataRecipes.teacherInputs()) {
                boolean given = Declarations.in(type).stream().anyMatch(setting -> tree.has(setting.key()));
                if (given) return context.readTreeAsValue(tree, type);
            }
            return null;
        }
    }

    static String yaml(Recipe recipe) {
        try {
            return YAML.writeValueAsString(tree(recipe));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a recipe cannot be written as YAML", e);
        }
    }

    /**
     * Bind a tree to a recipe.
     *
     * @param origin name for error messages, such as the file; empty for none
     */
    public static Recipe bind(JsonNode tree, String origin) {
        return bind(tree, Recipe.class, origin);
    }

    /** Return a section with the default of each setting. */
    static <T> T defaults(Class<T> section) {
        return bind(tree(), section, "");
    }

    /** Bind a tree to a recipe or a section. */
    public static <T> T bind(JsonNode tree, Class<T> type, String origin) {
        String where = origin.isEmpty() ? "" : origin + ": ";
        JsonNode filled = tree.deepCopy();
        named(origin, () -> {
            Class<?> section = DataRecipes.resolved(type, filled);
            Declarations.requireKnown(filled, section, "");
            Declarations.fill(filled, section);
        });
        try {
            T made = YAML.treeToValue(filled, type);
            named(origin, () -> Declarations.check(made));
            return made;
        } catch (UnrecognizedPropertyException e) {
            // Section keys are known at this point, so an unknown key stands in a value that takes no keys.
            String setting = WrongValue.path(e.getPath().subList(0, e.getPath().size() - 1));
            throw new LimbeckException(where + setting + " must be one value, found keys", e);
        } catch (JsonMappingException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof LimbeckException) throw new LimbeckException(where + cause.getMessage(), e);
            }
            throw new LimbeckException(where + WrongValue.words(e, filled), e);
        } catch (JsonProcessingException e) {
            throw new LimbeckException(where + WrongValue.firstLine(e.getOriginalMessage()), e);
        }
    }

    /**
     * Return the first difference between two trees, such as {@code training.lr is 0.1 against 0.2}, or null if there
     * is none. Two paths of the same file do not differ.
     */
    public static @Nullable String difference(JsonNode one, JsonNode other) {
        return difference("", one, other);
    }

    /** Return the values of a tree by their dotted names, such as {@code training.epochs}; a list of values is one text. */
    public static Map<String, String> flat(JsonNode tree) {
        Map<String, String> values = new LinkedHashMap<>();
        flatten("", tree, values);
        return values;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> values) {
        String before = path.isEmpty() ? "" : path + ".";
        if (node.isObject()) {
            node.properties().forEach(entry -> flatten(before + entry.getKey(), entry.getValue(), values));
        } else if (node.isArray()
                && StreamSupport.stream(node.spliterator(), false).anyMatch(JsonNode::isContainerNode)) {
            for (int i = 0; i < node.size(); i++) flatten(before + i, node.get(i), values);
        } else if (node.isArray()) {
            values.put(
                    path,
                    StreamSupport.stream(node.spliterator(), false)
                            .map(JsonNode::asText)
                            .collect(Collectors.joining(",")));
        } else {
            values.put(path, node.asText());
        }
    }

    private static @Nullable String difference(String path, JsonNode one, JsonNode other) {
        if (one.isObject() && other.isObject()) {
            Set<String> keys = new LinkedHashSet<>();
            one.fieldNames().forEachRemaining(keys::add);
            other.fieldNames().forEachRemaining(keys::add);
            for (String key : keys) {
                String found = difference(path.isEmpty() ? key : path + "." + key, one.path(key), other.path(key));
                if (found != null) return found;
            }
            return null;
        }
        // Compared as text: a number may have another Java type after it was read back.
        String first = one.isMissingNode() ? "not set" : one.toString();
        String second = other.isMissingNode() ? "not set" : other.toString();
        return first.equals(second) || nameSameFiles(one, other) ? null : path + " is " + first + " against " + second;
    }

    private static boolean nameSameFiles(JsonNode one, JsonNode other) {
        if (one.isArray() && other.isArray() && one.size() == other.size()) {
            return IntStream.range(0, one.size()).allMatch(i -> nameSameFiles(one.get(i), other.get(i)));
        }
        if (!one.isTextual() || !other.isTextual()) return one.equals(other);
        try {
            return one.equals(other) || Files.isSameFile(Path.of(one.asText()), Path.of(other.asText()));
        } catch (IOException | InvalidPathException e) {
            return false; // not both are there, or no paths
        }
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
    }
}
