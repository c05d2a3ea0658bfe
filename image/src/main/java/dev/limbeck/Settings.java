package dev.limbeck;

/** Validate numbers that users set. Every message states what was expected and what was found. */
public final class Settings {
    private Settings() {}

    public static double positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) throw wrong(name, "a positive number", value);
        return value;
    }

    public static double notNegative(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) throw wrong(name, "at least 0", value);
        return value;
    }

    /** Check that a value lies in [0, 1]. */
    public static double inUnit(String name, double value) {
        if (!(value >= 0 && value <= 1)) throw wrong(name, "between 0 and 1", value);
        return value;
    }

    /** Check that a value lies in [0, 1). */
    public static double inHalfOpenUnit(String name, double value) {
        if (!(value >= 0 && value < 1)) throw wrong(name, "at least 0 and below 1", value);
        return value;
    }

    public static int atLeast(int least, String name, int value) {
        if (value < least) throw new LimbeckException(name + " must be at least " + least + ", found " + value);
        return value;
    }

    public static LimbeckException wrong(String name, String expected, double found) {
        return new LimbeckException(name + " must be " + expected + ", found " + found);
    }
}
