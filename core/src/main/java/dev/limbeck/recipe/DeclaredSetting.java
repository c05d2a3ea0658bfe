package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.optim.Schedule;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hold a setting as declared by {@link Setting}.
 *
 * @param path keys from the recipe root, such as training and lr
 * @param component record component that declares it
 * @param listed whether its section is an element of a list, such as a loss
 * @param heading group in the help
 */
public record DeclaredSetting(
        List<String> path, RecordComponent component, Setting declaration, boolean listed, Heading heading) {
    private static final int MANY = 4;

    public DeclaredSetting {
        path = List.copyOf(path);
    }

    static String key(RecordComponent component) {
        return PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(component.getName());
    }

    /** Return whether a record declares it. */
    boolean isOf(Class<?> section) {
        return component.getDeclaringRecord() == section;
    }

    /** Return the key within its section. */
    public String key() {
        return path.get(path.size() - 1);
    }

    /** Return the dotted path, such as {@code training.lr}. */
    public String dotted() {
        return String.join(".", path);
    }

    /** Return the path of its section, empty for the root. */
    public List<String> section() {
        return path.subList(0, path.size() - 1);
    }

    /** Return the type, or the element type of a list. */
    public Class<?> type() {
        if (isList()) return element(component.getGenericType());
        // The settings of images are options; those of other kinds are written in recipes.
        return component.getType() == DataRecipe.class ? DataRecipes.images() : component.getType();
    }

    /** Return the type for a value: the data section's depends on its kind. */
    Class<?> type(JsonNode value) {
        return component.getType() == DataRecipe.class ? DataRecipes.type(value) : type();
    }

    private static Class<?> element(Type list) {
        return (Class<?>) ((ParameterizedType) list).getActualTypeArguments()[0];
    }

    /** Return whether it is a list. */
    public boolean isList() {
        return List.class.isAssignableFrom(component.getType());
    }

    /** Return whether it is a section or a list of sections. */
    public boolean isSection() {
        return Sections.isSection(type());
    }

    /** Return whether it is an integer, a number or a list of them. */
    public boolean isNumber() {
        return Number.class.isAssignableFrom(type());
    }

    /** Return whether it is an integer. */
    public boolean isWhole() {
        return type() == Integer.class || type() == Long.class;
    }

    /** Return the option names, longest last; empty if there is no option. */
    public List<String> options() {
        List<String> names = new ArrayList<>();
        for (String name : declaration.options()) {
            if (!name.equals(Setting.BY_KEY)) names.add(name);
            else if (!listed && !isSection()) names.add("--" + key().replace('_', '-'));
        }
        return names;
    }

    /** Return the allowed words; empty if any word is allowed. */
    public List<String> choices() {
        if (declaration.oneOf().length > 0) return List.of(declaration.oneOf());
        return Stream.of(declaration.oneOfEnum().getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    /** Return the placeholder of its value in help. */
    public String label() {
        if (!declaration.label().isEmpty()) return declaration.label();
        if (type() == Schedule.class) return "SCHEDULE";
        return isWhole() ? "N" : isNumber() ? "X" : "NAME";
    }

    /** Return the effective default as text; empty if there is none. */
    public String unset() {
        return declaration.defaultValue().isEmpty() || isSection()
                ? declaration.whenUnset()
                : declaration.defaultValue();
    }

    /**
     * Return one line of help: description, allowed values and default. A default that is the first of many words is not
     * repeated.
     */
    public String line() {
        List<String> notes = new ArrayList<>();
        if (!choices().isEmpty()) notes.add(String.join(", ", choices()));
        if (choices().size() >= MANY && unset().equals(choices().get(0)))
            return declaration.help() + " (" + notes.get(0) + ")";
        if (!unset().isEmpty() && component.getType() != Boolean.class) notes.add("default: " + unset());
        if (declaration.negatable() && !unset().isEmpty()) notes.add("default: " + unset());
        return declaration.help() + (notes.isEmpty() ? "" : " (" + String.join("; ", notes) + ")");
    }

    /** Return the allowed range as text, such as {@code at least 0 and below 1}; empty without bounds. */
    public String bounds() {
        Setting s = declaration;
        if (!Double.isNaN(s.atLeast()) && !Double.isNaN(s.atMost())) {
            return "between " + plain(s.atLeast()) + " and " + plain(s.atMost());
        }
        if (s.above() == 0 && Double.isNaN(s.below()) && Double.isNaN(s.atMost())) return "a positive number";
        List<String> both = new ArrayList<>();
        if (!Double.isNaN(s.atLeast())) both.add("at least " + plain(s.atLeast()));
        if (!Double.isNaN(s.above())) both.add("above " + plain(s.above()));
        if (!Double.isNaN(s.atMost())) both.add("at most " + plain(s.atMost()));
        if (!Double.isNaN(s.below())) both.add("below " + plain(s.below()));
        return String.join(" and ", both);
    }

    static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /**
     * Check a value of a recipe.
     *
     * @param name of the setting in messages
     * @throws LimbeckException if it is out of range or not one of the choices
     */
    void check(String name, @Nullable Object value) {
        if (value instanceof List<?> list) list.forEach(one -> check(name, one));
        else if (value instanceof Schedule schedule) schedule.each(number -> inBounds(name, number));
        else if (value instanceof Double number) inBounds(name, number);
        else if (value instanceof Number whole && !fits(whole.doubleValue())) throw outside(name, whole);
        else if (value instanceof String word
                && !choices().isEmpty()
                && !choices().contains(word)) {
            throw Names.unknown(key(), word, choices());
        }
    }

    private double inBounds(String name, double number) {
        boolean endless = Double.isNaN(number) || Double.isInfinite(number);
        if (!bounds().isEmpty() && (endless || !fits(number))) throw outside(name, number);
        return number;
    }

    private boolean fits(double value) {
        // An unset bound is NaN, and every comparison with NaN is false.
        Setting s = declaration;
        return !(value < s.atLeast() || value <= s.above() || value > s.atMost() || value >= s.below());
    }

    private LimbeckException outside(String name, Number found) {
        return new LimbeckException(name + " must be " + bounds() + ", found " + found);
    }
}
