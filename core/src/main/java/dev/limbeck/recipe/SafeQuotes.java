package dev.limbeck.recipe;

import com.fasterxml.jackson.dataformat.yaml.util.StringQuotingChecker;
import java.util.regex.Pattern;

/**
 * Quote all texts except plain words. YAML readers disagree on {@code 007}, {@code 2024.10}, {@code 12:30:00}, {@code
 * yes} and {@code ~}: one reads text, another a number, date, boolean or null.
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
