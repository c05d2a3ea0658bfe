package dev.limbeck.recipe;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declare a setting on a record component. Recipe files, validation, defaults, command-line options, help, the table in
 * {@code docs/recipes.md} and the JSON Schema are derived from this declaration. The key is the component's name in
 * snake_case. The type is the component's type. A component whose type is a record with settings is a section.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** Stands for the option named like the key: {@code --batch-size} for {@code batch_size}. */
    String BY_KEY = "--";

    /** Describe the setting in a few words, without a full stop. */
    String help();

    /** Default value as text; empty for null. {@code {}} for a section. */
    String defaultValue() default "";

    /** Effective default of a null value, as text for readers; empty if there is none. */
    String whenUnset() default "";

    /** Whether the setting is required. */
    boolean required() default false;

    /** Minimum, inclusive. Bounds apply to each number of a list and to both ends of a schedule. */
    double atLeast() default Double.NaN;

    /** Minimum, exclusive. */
    double above() default Double.NaN;

    /** Maximum, inclusive. */
    double atMost() default Double.NaN;

    /** Maximum, exclusive. */
    double below() default Double.NaN;

    /** Allowed words. */
    String[] oneOf() default {};

    /** Enum whose constants, in lower case, are the allowed words. */
    Class<? extends Enum<?>> oneOfEnum() default AnyWord.class;

    /**
     * Option names; empty for none. A setting in a list of sections, such as a loss, has no option by default. The
     * option of a section is a flag.
     */
    String[] options() default {BY_KEY};

    /** Placeholder of the option's value in help. The default depends on the type. */
    String label() default "";

    /** Whether {@code --no-…} sets it to false. */
    boolean negatable() default false;

    /** Whether the option is repeatable. Each text may set more than this setting. */
    boolean repeatable() default false;

    /** Whether the command's help lists the option only by name. */
    boolean rare() default false;

    /** Heading in help; for a section, of all its settings. */
    Heading heading() default Heading.OF_SECTION;

    /** Allow any word. */
    enum AnyWord {}
}
