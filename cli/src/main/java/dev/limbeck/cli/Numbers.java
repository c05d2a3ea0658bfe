package dev.limbeck.cli;

import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.image.Resize;
import dev.limbeck.prune.Criterion;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parse numbers of options, with clear errors. */
final class Numbers {
    private Numbers() {}

    static void register(CommandLine commands) {
        ITypeConverter<Double> number = converter("a number", Double::valueOf);
        ITypeConverter<Integer> whole = converter("a whole number", Integer::valueOf);
        ITypeConverter<Long> large = converter("a whole number", Long::valueOf);
        commands.registerConverter(double.class, number).registerConverter(Double.class, number);
        commands.registerConverter(int.class, whole).registerConverter(Integer.class, whole);
        commands.registerConverter(long.class, large).registerConverter(Long.class, large);
        choice(commands, Resize.class);
        choice(commands, Split.class);
        choice(commands, CompareCommand.Wanted.class);
        choice(commands, Criterion.class);
    }

    private static <T> ITypeConverter<T> converter(String expected, ITypeConverter<T> parser) {
        return text -> {
            try {
                return parser.convert(text.strip());
            } catch (NumberFormatException e) {
                throw new TypeConversionException("expected " + expected + ", found '" + text + "'");
            }
        };
    }

    private static <E extends Enum<E>> void choice(CommandLine commands, Class<E> type) {
        commands.registerConverter(type, text -> {
            for (E value : type.getEnumConstants()) {
                if (value.name().equalsIgnoreCase(text.replace('-', '_'))) return value;
            }
            String known =
                    Arrays.stream(type.getEnumConstants()).map(Numbers::word).collect(Collectors.joining(", "));
            throw new TypeConversionException("expected one of " + known + ", found '" + text + "'");
        });
    }

    /** Return how a value is written as an option. */
    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Check an optional option. */
    static void atLeast(int least, String name, @Nullable Integer value) {
        if (value != null) WrongOption.in(() -> Settings.atLeast(least, name, value));
    }

    /** Return a number without needless digits: 90, 0.925. */
    static String brief(double value) {
        return new BigDecimal(value)
                .round(MathContext.DECIMAL32)
                .stripTrailingZeros()
                .toPlainString();
    }
}
