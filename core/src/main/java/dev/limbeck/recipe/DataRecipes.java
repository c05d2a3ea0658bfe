package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Registry;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Find the record of a recipe's data section: ours, and those of jars on the class path. */
final class DataRecipes {
    /** Key of the kind of data. */
    static final String KIND = "kind";

    /** Kind of recipes without that key. */
    static final String DEFAULT = "image";

    private static final Registry<DataRecipeType> ALL = Registry.of(
            "kind of data",
            DataRecipeType.class,
            DataRecipeType::kind,
            LoggerFactory.getLogger(DataRecipes.class)::warn);

    private DataRecipes() {}

    /**
     * Return the record of a data section.
     *
     * @throws dev.limbeck.LimbeckException if its kind is unknown
     */
    static Class<? extends DataRecipe> type(JsonNode data) {
        return kind(data).type();
    }

    /**
     * Return the kind of a data section.
     *
     * @throws dev.limbeck.LimbeckException if its kind is unknown
     */
    static DataRecipeType kind(JsonNode data) {
        if (data.has(KIND)) return ALL.require(data.path(KIND).asText());
        return ALL.all().stream().filter(type -> type.opens(data)).findFirst().orElseGet(() -> ALL.require(DEFAULT));
    }

    /** Return the declared type of a section, or the record of a data section. */
    static Class<?> resolved(Class<?> declared, JsonNode value) {
        return declared == DataRecipe.class ? type(value) : declared;
    }

    /** Return the records of the kinds other than images. */
    static List<Class<? extends DataRecipe>> others() {
        return ALL.all().stream()
                .filter(type -> !type.kind().equals(DEFAULT))
                .<Class<? extends DataRecipe>>map(DataRecipeType::type)
                .distinct()
                .toList();
    }

    /** Return the kinds of data that a record may be of. */
    static List<String> kinds(Class<?> type) {
        return ALL.all().stream()
                .filter(one -> one.type() == type)
                .map(DataRecipeType::kind)
                .toList();
    }

    /** Return the records of all kinds, images first. */
    static List<Class<? extends DataRecipe>> types() {
        List<Class<? extends DataRecipe>> all = new ArrayList<>(List.of(images()));
        all.addAll(others());
        return all;
    }

    /** Return the record of images. */
    static Class<? extends DataRecipe> images() {
        return ALL.require(DEFAULT).type();
    }

    /** Return the records of a flat component: its type, or those of a teacher's inputs of all kinds. */
    static List<Class<?>> flat(RecordComponent component) {
        return component.getType() == TeacherInputs.class ? List.copyOf(teacherInputs()) : List.of(component.getType());
    }

    /** Return the records of a teacher's inputs, of all kinds of data. */
    static List<Class<? extends TeacherInputs>> teacherInputs() {
        return ALL.all().stream()
                .map(DataRecipeType::teacherInputs)
                .flatMap(Optional::stream)
                .distinct()
                .toList();
    }
}
