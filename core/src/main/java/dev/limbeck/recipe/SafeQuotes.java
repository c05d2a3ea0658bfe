package dev.limbeck.recipe;

import com.fasterxml.jackson.dataformat.yaml.util.StringQuotingChecker;
import java.util.regex.Pattern;

/**
 * Quote every text but plain words. What one reader of YAML takes for text is a number, a date, a boolean or nothing to
 * another: {@code 007}, {@code 2024.10}, {@code 12:30:00}, {@code yes}, {@code ~}.
 */
final class SafeQuotes extends StringQuotingChecker {
    private static final long serialVersionUID = 1L;

    private static final Pattern WORD = Pattern.compile("[A-Za-z_/][A-Za-z0-9_./-]*");

    @Override
    public boolean needToQuoteName(String name) {
        return needToQuoteValue(name);
    }

    @Override
    public boolean needToQuoteValue(String value) {
        return !WORD.matcher(value).matches() || isReservedKeyword(value);
    }
}
