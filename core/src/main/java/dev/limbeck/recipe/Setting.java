package dev.limbeck.recipe;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declare a setting, on the record component of its section. Recipe files, the check of values, defaults, command-line
 * options, help, the table in {@code docs/recipes.md} and the JSON Schema all come from this one place. The key is the
 * component's name in snake_case, the type that of the component. A component whose type is a record with settings is a
 * section.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** Stands for the option that is named like the key: {@code --batch-size} for {@code batch_size}. */
    String BY_KEY = "--";

    /** Say in a few words what it is; no full stop. */
    String help();

    /** Give the value of a recipe that does not set it, as text; empty where it stays null. {@code {}} for a section. */
    String defaultValue() default "";

    /** Say what happens where it stays null, for readers; empty where nothing happens. */
    String whenUnset() default "";

    /** Whether a recipe must set it. */
    boolean required() default false;

    /** Least value, which is allowed itself. Bounds hold for each number of a list and at both ends of a schedule. */
    double atLeast() default Double.NaN;

    /** Bound that values must exceed. */
    double above() default Double.NaN;

    /** Greatest value, which is allowed itself. */
    double atMost() default Double.NaN;

    /** Bound that values must stay under. */
    double below() default Double.NaN;

    /** List the words that it may be. */
    String[] oneOf() default {};

    /** Name an enum whose constants, in lower case, are the words that it may be. */
    Class<? extends Enum<?>> oneOfEnum() default AnyWord.class;

    /**
     * Name its options; empty for none. A setting in a list of sections, such as that of a loss, has none unless it names
     * one. That of a section is a flag.
     */
    String[] options() default {BY_KEY};

    /** Name the option's value in help; by the type unless set. */
    String label() default "";

    /** Whether {@code --no-…} sets it to false. */
    boolean negatable() default false;

    /** Whether its option may be given several times, and more than this one setting is made of the texts. */
    boolean repeatable() default false;

    /** Whether help of a command names its option without a line of its own. */
    boolean rare() default false;

    /** Heading in help, of a section for all its settings. */
    Heading heading() default Heading.OF_SECTION;

    /** Allow any word. */
    enum AnyWord {}
}
