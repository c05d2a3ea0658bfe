package dev.limbeck;

import java.util.regex.Pattern;

/** Tell numbers in cells of files from other words. */
public final class Decimals {
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    private static final Pattern OTHER = Pattern.compile("[-+]?(\\d+(\\.\\d{3})*,\\d+|\\d{1,3}(,\\d{3})+(\\.\\d+)?)");

    private Decimals() {}

    /** Return whether a cell is a decimal number with a point: no hexadecimal, no suffix, no comma, not NaN. */
    public static boolean isIn(String cell) {
        return DECIMAL.matcher(cell).matches();
    }

    /** Return whether a cell looks like a number with a comma, of decimals or of thousands. */
    public static boolean isWithComma(String cell) {
        return OTHER.matcher(cell).matches();
    }
}
