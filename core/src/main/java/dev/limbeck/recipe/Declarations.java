package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Read the settings that records declare with {@link Setting}, and validate trees and records. */
public final class Declarations {
    private static final List<DeclaredSetting> RECIPE = of(Recipe.class);

    private static final Set<String> AMBIGUOUS =
            RECIPE.stream()
                    .collect(Collectors.groupingBy(DeclaredSetting::key, Collectors.counting()))
                    .entrySet()
                    .stream()
                    .filter(entry -> entry.getValue() > 1)
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toUnmodifiableSet());

    private Declarations() {}

    /** Return all settings of a recipe. Each section precedes its settings. */
    public static List<DeclaredSetting> ofRecipes() {
        return RECIPE;
    }

    /** Return the data settings of the kinds of data other than images, without those that images have too. */
    public static List<DeclaredSetting> ofOtherKinds() {
        List<DeclaredSetting> found = new ArrayList<>();
        for (Class<? extends DataRecipe> type : DataRecipes.others()) {
            List<DeclaredSetting> own = new ArrayList<>();
            collect(type, List.of("data"), false, Heading.DATA, Set.of(Recipe.class), own);
            own.stream()
                    .filter(setting -> Stream.concat(RECIPE.stream(), found.stream())
                            .noneMatch(other -> other.dotted().equals(setting.dotted())))
                    .forEach(found::add);
        }
        return found;
    }

    /** Return all settings of a section, including nested ones. */
    static List<DeclaredSetting> of(Class<?> section) {
        List<DeclaredSetting> found = new ArrayList<>();
        collect(section, List.of(), false, Heading.OF_SECTION, Set.of(), found);
        return List.copyOf(found);
    }

    private static void collect(
            Class<?> section,
            List<String> path,
            boolean listed,
            Heading heading,
            Set<Class<?>> around,
            List<DeclaredSetting> found) {
        for (RecordComponent component : section.getRecordComponents()) {
            if (Sections.isFlat(component)) {
                for (Class<?> type : DataRecipes.flat(component)) collect(type, path, listed, heading, around, found);
                continue;
            }
            Setting declared = component.getAnnotation(Setting.class);
            if (declared == null) {
                throw new IllegalStateException(section.getName() + "." + component.getName() + " has no @Setting");
            }
            List<String> own = Stream.concat(path.stream(), Stream.of(DeclaredSetting.key(component)))
                    .toList();
            Heading below = declared.heading() == Heading.OF_SECTION ? heading : declared.heading();
            DeclaredSetting setting = new DeclaredSetting(own, component, declared, listed, below);
            found.add(setting);
            // A recursive section, such as a teacher's members, adds no settings.
            Class<?> type = setting.type();
            if (!setting.isSection() || type == section || around.contains(type)) continue;
            Set<Class<?>> outside =
                    Stream.concat(around.stream(), Stream.of(section)).collect(Collectors.toSet());
            collect(type, own, listed || setting.isList(), below, outside, found);
        }
    }

    /** Return the settings whose keys stand in a section itself, also those of its flat components. */
    static List<DeclaredSetting> in(Class<?> section) {
        boolean inRecipes = RECIPE.stream().anyMatch(setting -> setting.isOf(section));
        if (!inRecipes) {
            return of(section).stream()
                    .filter(setting -> setting.path().size() == 1)
                    .toList();
        }
        List<Class<?>> flat = Arrays.stream(section.getRecordComponents())
                .filter(Sections::isFlat)
                .flatMap(component -> DataRecipes.flat(component).stream())
                .collect(Collectors.toList());
        return RECIPE.stream()
                .filter(setting -> setting.isOf(section) || flat.stream().anyMatch(setting::isOf))
                .toList();
    }

    /** Return the key if it is unique in recipes, else section and key. */
    static String shortName(DeclaredSetting setting) {
        return AMBIGUOUS.contains(setting.key()) ? setting.dotted() : setting.key();
    }

    /** Reject unknown keys. */
    static void requireKnown(JsonNode tree, Class<?> section, String path) {
        if (!tree.isObject()) return; // reported when the tree is bound
        List<DeclaredSetting> settings = in(section);
        List<String> keys = settings.stream().map(DeclaredSetting::key).toList();
        boolean data = DataRecipe.class.isAssignableFrom(section);
        tree.fieldNames().forEachRemaining(key -> {
            if (data && key.equals(DataRecipes.KIND)) return;
            if (keys.contains(key)) return;
            boolean ofOtherKind = data
                    && DataRecipes.types().stream()
                            .anyMatch(type -> in(type).stream()
                                    .anyMatch(setting -> setting.key().equals(key)));
            if (ofOtherKind) {
                throw new LimbeckException(
                        key + " is not a setting of " + String.join(" and ", DataRecipes.kinds(section))
                                + " data, which the source '"
                                + Printable.quote(tree.path("source").asText())
                                + "' is taken for; leave it out (or the preset that sets it), or name another source");
            }
            throw Names.unknown("key", key, path, keys);
        });
        for (DeclaredSetting setting : settings) {
            if (!setting.isSection()) continue;
            JsonNode value = tree.path(setting.key());
            String inner = path.isEmpty() ? setting.key() : path + "." + setting.key();
            if (!setting.isList()) requireKnown(value, setting.type(value), inner);
            else for (int i = 0; i < value.size(); i++) requireKnown(value.path(i), setting.type(), inner + "." + i);
        }
    }

    /**
     * Fill missing settings with their defaults, in place.
     *
     * @throws LimbeckException if a required setting is missing
     */
    static void fill(JsonNode tree, Class<?> section) {
        if (!(tree instanceof ObjectNode node)) return;
        for (DeclaredSetting setting : in(section)) {
            JsonNode given = node.path(setting.key());
            // An empty value in YAML is a text without letters here.
            if (given.isMissingNode()
                    || given.isNull()
                    || given.isTextual() && given.textValue().isEmpty()) {
                node.remove(setting.key());
                if (setting.declaration().required()) throw Sections.missing(setting.dotted(), setting.options());
                String value = setting.declaration().defaultValue();
                if (value.isEmpty()) continue;
                if (setting.isSection()) node.putObject(setting.key());
                else node.put(setting.key(), value);
            }
            if (!setting.isSection()) continue;
            JsonNode value = node.get(setting.key());
            if (value instanceof ArrayNode list) list.forEach(one -> fill(one, setting.type()));
            else fill(value, setting.type(value));
        }
    }

    /**
     * Validate every value of a section, including nested sections.
     *
     * @throws LimbeckException if a value is out of range or not one of the choices
     */
    static void check(Object section) {
        if (section instanceof List<?> list) list.forEach(Declarations::check);
        if (!Sections.isSection(section.getClass())) return;
        for (RecordComponent component : section.getClass().getRecordComponents()) {
            if (!Sections.isFlat(component)) continue;
            Object flat = Sections.value(component, section);
            if (flat != null) check(flat);
        }
        for (DeclaredSetting setting : in(section.getClass())) {
            if (!setting.isOf(section.getClass())) continue;
            Object value = Sections.value(setting.component(), section);
            if (value == null) continue;
            if (setting.isSection()) check(value);
            else setting.check(shortName(setting), value);
        }
    }
}
