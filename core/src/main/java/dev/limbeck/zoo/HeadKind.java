package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import java.util.Optional;

/**
 * Say what turns the pooled features of a network into logits.
 *
 * @param form of the layers
 * @param width of the vector that another network's classifier takes, for a bridge; else 0
 */
public record HeadKind(Form form, long width) {
    /** The layers that the network's authors gave it. */
    public static final HeadKind OWN = new HeadKind(Form.OWN, 0);

    /** fastai's: maximum and mean pooled side by side, batch norm, dropout and two linear layers. */
    public static final HeadKind CONCAT = new HeadKind(Form.CONCAT, 0);

    private static final String CONCAT_SUFFIX = "+concat";
    private static final String BRIDGE_SUFFIX = "+bridge";
    private static final int MOST_DIGITS = 6;

    /** List the forms that a head may have. */
    public enum Form {
        OWN,
        CONCAT,
        BRIDGE
    }

    public HeadKind {
        if (form == Form.BRIDGE && width < 1) {
            throw new LimbeckException("a bridge must be at least 1 wide, found " + width);
        }
    }

    /** Return two layers that bring features to a width, and a classifier of that width. */
    public static HeadKind bridge(long width) {
        return new HeadKind(Form.BRIDGE, width);
    }

    /** Return what follows the name of an architecture with such a head, such as {@code +concat}; empty for its own. */
    public String suffix() {
        return switch (form) {
            case OWN -> "";
            case CONCAT -> CONCAT_SUFFIX;
            case BRIDGE -> BRIDGE_SUFFIX + width;
        };
    }

    /** Return the kind that a suffix stands for, or nothing if it stands for none. */
    static Optional<HeadKind> ofSuffix(String suffix) {
        if (suffix.isEmpty()) return Optional.of(OWN);
        if (suffix.equals(CONCAT_SUFFIX)) return Optional.of(CONCAT);
        String width = suffix.startsWith(BRIDGE_SUFFIX) ? suffix.substring(BRIDGE_SUFFIX.length()) : "";
        return width.matches("[1-9]\\d*") && width.length() <= MOST_DIGITS
                ? Optional.of(bridge(Long.parseLong(width)))
                : Optional.empty();
    }
}
