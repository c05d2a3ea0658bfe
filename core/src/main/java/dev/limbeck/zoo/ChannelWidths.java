package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Hold how many channels the layers of an architecture have that can be pruned, as its name says them: {@code cifar-resnet8@16-20-40}.
 *
 * @param base name of the architecture with all channels
 * @param full channels of each group there
 * @param own channels of each group here
 * @param resize describes the architecture with other channels
 */
record ChannelWidths(String base, List<Long> full, List<Long> own, Function<List<Long>, Architecture> resize) {
    /** Stands between the name of an architecture and its widths. */
    private static final char AT = '@';

    private static final Pattern NUMBERS = Pattern.compile("[1-9]\\d{0,5}(-[1-9]\\d{0,5})*");

    private static final Pattern SHARE = Pattern.compile("0\\.\\d{1,3}");

    ChannelWidths {
        full = List.copyOf(full);
        own = List.copyOf(own);
    }

    /** Return the part of a name before its widths, or all of it. */
    static String unpruned(String name) {
        int at = name.indexOf(AT);
        return at < 0 ? name : name.substring(0, at);
    }

    /**
     * Read the widths behind a name.
     *
     * @param named the name of an architecture, {@code @} and its widths, or their share of all channels
     * @param full channels of each group
     * @throws LimbeckException if what follows the name is neither
     */
    static List<Long> of(String name, String named, List<Long> full) {
        String widths = named.substring(name.length() + 1);
        if (SHARE.matcher(widths).matches() && Double.parseDouble(widths) > 0) {
            double share = Double.parseDouble(widths);
            return full.stream()
                    .map(width -> Math.max(1, Math.round(width * share)))
                    .toList();
        }
        if (!NUMBERS.matcher(widths).matches()) {
            throw new LimbeckException("expected widths behind " + name + AT
                    + " such as 8-16-16, or a share such as 0.5, found '" + Printable.quote(widths) + "'");
        }
        return Arrays.stream(widths.split("-")).map(Long::valueOf).toList();
    }

    /**
     * Return the same for other widths.
     *
     * @throws LimbeckException if these are not as many, or below 1 or above the full width
     */
    ChannelWidths with(List<Long> widths) {
        if (!fits(widths, full)) {
            throw new LimbeckException(base + " has " + full.size() + " layers that can be pruned, of 1 to "
                    + joined(full, ", ") + " channels, found " + widths.size() + ": " + joined(widths, ", "));
        }
        return new ChannelWidths(base, full, widths, resize);
    }

    /** Return whether widths are as many as others, and none is above them. */
    static boolean fits(List<Long> widths, List<Long> most) {
        return widths.size() == most.size()
                && IntStream.range(0, most.size()).allMatch(i -> widths.get(i) >= 1 && widths.get(i) <= most.get(i));
    }

    /** Return the name of the architecture. */
    String name() {
        return own.equals(full) ? base : base + AT + joined(own, "-");
    }

    private static String joined(List<Long> widths, String between) {
        return widths.stream().map(String::valueOf).collect(Collectors.joining(between));
    }
}
