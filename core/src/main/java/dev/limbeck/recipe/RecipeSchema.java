package dev.limbeck.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.optim.Schedule;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Write the JSON Schema (draft 2020-12) of recipes. Editors use it to complete and check recipe files. */
public final class RecipeSchema {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DEFINITIONS = "$defs";

    private final ObjectNode definitions = JSON.createObjectNode();

    private RecipeSchema() {}

    /** Return the schema as JSON text. It is the same on every platform. */
    public static String text() {
        RecipeSchema made = new RecipeSchema();
        ObjectNode schema = JSON.createObjectNode();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "Recipe of a training run with Limbeck");
        schema.setAll(made.section(Recipe.class));
        schema.set(DEFINITIONS, made.definitions);
        DefaultIndenter lines = new DefaultIndenter("  ", "\n");
        try {
            return JSON.writer(new DefaultPrettyPrinter().withObjectIndenter(lines))
                            .writeValueAsString(schema) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }

    private ObjectNode section(Class<?> type) {
        ObjectNode section = JSON.createObjectNode();
        section.put("type", "object").put("additionalProperties", false);
        ObjectNode properties = section.putObject("properties");
        if (DataRecipe.class.isAssignableFrom(type)) {
            ObjectNode kind = properties.putObject(DataRecipes.KIND);
            DataRecipes.kinds(type).forEach(kind.putArray("enum")::add);
            kind.put("description", "Kind of data; default: found from the source");
        }
        for (DeclaredSetting setting : Declarations.in(type)) {
            if (setting.declaration().required())
                section.withArrayProperty("required").add(setting.key());
            properties.set(setting.key(), setting(setting));
        }
        return section;
    }

    private ObjectNode setting(DeclaredSetting setting) {
        ObjectNode node = value(setting.component().getGenericType(), setting);
        String unset = setting.declaration().whenUnset();
        node.put("description", setting.declaration().help() + (unset.isEmpty() ? "" : "; default: " + unset));
        String text = setting.declaration().defaultValue();
        if (text.isEmpty() || setting.isSection()) return node;
        Class<?> type = setting.type();
        if (type == Boolean.class) node.put("default", Boolean.parseBoolean(text));
        else if (setting.isWhole()) node.put("default", Long.parseLong(text));
        else if (setting.isNumber() || type == Schedule.class) node.put("default", Double.parseDouble(text));
        else node.put("default", text);
        return node;
    }

    private ObjectNode value(Type type, DeclaredSetting setting) {
        ObjectNode node = JSON.createObjectNode();
        if (type instanceof ParameterizedType parameterized) {
            Type[] parts = parameterized.getActualTypeArguments();
            if (parameterized.getRawType() == Map.class) {
                node.put("type", "object").set("additionalProperties", value(parts[1], setting));
            } else {
                node.put("type", "array").set("items", value(parts[0], setting));
            }
        } else if (type == DataRecipe.class) {
            // Other kinds of data have keys that only their jars know.
            ObjectNode other = JSON.createObjectNode();
            List<Class<? extends DataRecipe>> known = DataRecipes.types();
            ArrayNode kinds = other.putObject("properties")
                    .putObject(DataRecipes.KIND)
                    .putObject("not")
                    .putArray("enum");
            known.forEach(one -> DataRecipes.kinds(one).forEach(kinds::add));
            other.putArray("required").add(DataRecipes.KIND);
            ArrayNode any = node.putArray("anyOf");
            known.forEach(one -> any.addObject().put("$ref", "#/" + DEFINITIONS + "/" + define(one)));
            any.add(other);
        } else if (Sections.isSection((Class<?>) type)) {
            node.put("$ref", "#/" + DEFINITIONS + "/" + define((Class<?>) type));
        } else if (type == Schedule.class) {
            ObjectNode number = JSON.createObjectNode().put("type", "number");
            bounds(number, setting.declaration());
            ObjectNode change = JSON.createObjectNode().put("type", "string").put("pattern", Schedule.PATTERN);
            node.putArray("anyOf").add(number).add(change);
        } else {
            scalar(node, (Class<?>) type, setting);
        }
        return node;
    }

    private static void scalar(ObjectNode node, Class<?> type, DeclaredSetting setting) {
        if (type == Object.class) {
            node.putArray("type").add("number").add("boolean").add("string");
        } else if (type == Boolean.class) {
            node.put("type", "boolean");
        } else if (Number.class.isAssignableFrom(type)) {
            node.put("type", type == Double.class ? "number" : "integer");
            bounds(node, setting.declaration());
        } else {
            node.put("type", "string");
            List<String> choices = setting.choices();
            if (!choices.isEmpty()) choices.forEach(node.putArray("enum")::add);
        }
    }

    private static void bounds(ObjectNode node, Setting declared) {
        bound(node, "minimum", declared.atLeast());
        bound(node, "exclusiveMinimum", declared.above());
        bound(node, "maximum", declared.atMost());
        bound(node, "exclusiveMaximum", declared.below());
    }

    private static void bound(ObjectNode node, String name, double value) {
        if (value == Math.rint(value)) node.put(name, (long) value);
        else if (!Double.isNaN(value)) node.put(name, value);
    }

    private String define(Class<?> section) {
        String name = section.getSimpleName().replace("Recipe", "").toLowerCase(Locale.ROOT);
        if (!definitions.has(name)) {
            definitions.putObject(name); // before its own settings, which may include a section of the same type
            definitions.set(name, section(section));
        }
        return name;
    }
}
