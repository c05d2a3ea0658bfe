package dev.limbeck.recipe;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.limbeck.LimbeckException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copy and read the records that are sections of a recipe. */
final class Sections {
    private Sections() {}

    /** Return whether a type declares settings. */
    static boolean isSection(Class<?> type) {
        return type.isRecord()
                && Arrays.stream(type.getRecordComponents()).anyMatch(part -> part.isAnnotationPresent(Setting.class));
    }

    /** Return whether the settings of a component's record stand beside those of the record that holds it. */
    static boolean isFlat(RecordComponent component) {
        return component.getAccessor().isAnnotationPresent(JsonUnwrapped.class);
    }

    /**
     * Say that a required setting is missing.
     *
     * @param options that set it; may be empty
     */
    static LimbeckException missing(String key, List<String> options) {
        return new LimbeckException("no " + key + " in the recipe; it is required"
                + (options.isEmpty() ? "" : " (" + String.join(", ", options) + ")"));
    }

    /** Return a copy of a section with one component replaced. */
    static <R extends Record> R with(R section, String name, @Nullable Object value) {
        RecordComponent[] parts = section.getClass().getRecordComponents();
        Object[] values = Arrays.stream(parts)
                .map(part -> part.getName().equals(name) ? value : value(part, section))
                .toArray();
        try {
            @SuppressWarnings("unchecked")
            Constructor<R> made = (Constructor<R>) section.getClass()
                    .getDeclaredConstructor(
                            Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
            return made.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof LimbeckException refused) throw refused;
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record has a canonical constructor", e);
        }
    }

    /** Return the value of a component. */
    static @Nullable Object value(RecordComponent part, Object section) {
        try {
            return part.getAccessor().invoke(section);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's accessors are public", e);
        }
    }
}
