package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import java.util.Optional;

/**
 * Kind of a network's head.
 *
 * @param form form of the layers
 * @param width input width of another network's classifier, for a bridge; else 0
 */
public record HeadKind(Form form, long width) {
    /** The original head. */
    public static final HeadKind OWN = new HeadKind(Form.OWN, 0);

    /** fastai's head: concatenated max and average pooling, batch norm, dropout and two linear layers. */
    public static final HeadKind CONCAT = new HeadKind(Form.CONCAT, 0);

    /** No classifier: the network returns its pooled features. */
    public static final HeadKind EMBEDDING = new HeadKind(Form.EMBEDDING, 0);

    private static final String EMBEDDING_SUFFIX = "+embedding";
    private static final String CONCAT_SUFFIX = "+concat";
    private static final String BRIDGE_SUFFIX = "+bridge";
    private static final int MOST_DIGITS = 6;

    /** Form of a head. */
    public enum Form {
        OWN,
        CONCAT,
        BRIDGE,
        EMBEDDING
    }

    public HeadKind {
        if (form == Form.BRIDGE && width < 1) {
            throw new LimbeckException("a bridge must be at least 1 wide, found " + width);
        }
    }

    /** Return a bridge: two layers that project features to a width, and a classifier of that width. */
    public static HeadKind bridge(long width) {
        return new HeadKind(Form.BRIDGE, width);
    }

    /**
     * Return the suffix of an architecture's name for this head, such as {@code +concat}; empty for the original head.
     */
    public String suffix() {
        return switch (form) {
            case OWN -> "";
            case CONCAT -> CONCAT_SUFFIX;
            case BRIDGE -> BRIDGE_SUFFIX + width;
            case EMBEDDING -> EMBEDDING_SUFFIX;
        };
    }

    /** Return the kind of a suffix, or empty. */
    static Optional<HeadKind> ofSuffix(String suffix) {
        if (suffix.isEmpty()) return Optional.of(OWN);
        if (suffix.equals(CONCAT_SUFFIX)) return Optional.of(CONCAT);
        if (suffix.equals(EMBEDDING_SUFFIX)) return Optional.of(EMBEDDING);
        String width = suffix.startsWith(BRIDGE_SUFFIX) ? suffix.substring(BRIDGE_SUFFIX.length()) : "";
        return width.matches("[1-9]\\d*") && width.length() <= MOST_DIGITS
                ? Optional.of(bridge(Long.parseLong(width)))
                : Optional.empty();
    }
}
