package dev.limbeck.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sort timm's tensor names of the EfficientNet family in the order of computation. A safetensors file from Python is
 * sorted alphabetically, so its order is of no use.
 *
 * <p>Source: timm 1.0, {@code _efficientnet_blocks.py} (DepthwiseSeparableConv, InvertedResidual, SqueezeExcite,
 * ConvBnAct).
 */
final class TimmOrder {
    private static final String STEM = "conv_stem.weight";
    private static final Pattern BLOCK = Pattern.compile("blocks\\.(\\d+)\\.(\\d+)\\.(.+)");
    private static final Pattern PROJECTION = Pattern.compile("(blocks\\.\\d+\\.\\d+\\.)conv_pwl\\.weight");

    private static final List<String> NETWORK =
            List.of("conv_stem", "bn1", "blocks", "conv_head", "bn2", "norm_head", "classifier");
    private static final List<String> INVERTED = List.of("conv_pw", "bn1", "conv_dw", "bn2", "se", "conv_pwl", "bn3");
    private static final List<String> SEPARABLE = List.of("conv_dw", "conv", "bn1", "se", "conv_pw", "bn2");
    private static final List<String> EXCITATION = List.of("conv_reduce", "conv_expand");
    private static final List<String> TENSORS = List.of("weight", "bias", "running_mean", "running_var");

    private TimmOrder() {}

    /** Return the names in layer order. Names of other families are returned unchanged. */
    static List<String> of(Collection<String> names) {
        List<String> ordered = new ArrayList<>(names);
        if (!names.contains(STEM)) return ordered;
        Set<String> inverted = names.stream()
                .map(PROJECTION::matcher)
                .filter(Matcher::matches)
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        ordered.sort(Comparator.comparing(name -> key(name, inverted)));
        return ordered;
    }

    /** Return a sort key in layer order. */
    private static String key(String name, Set<String> inverted) {
        Matcher block = BLOCK.matcher(name);
        if (!block.matches()) return key(name, NETWORK);
        String prefix = name.substring(0, block.start(3));
        return String.format(
                "%02d %04d %04d %s",
                NETWORK.indexOf("blocks"),
                Integer.parseInt(block.group(1)),
                Integer.parseInt(block.group(2)),
                key(block.group(3), inverted.contains(prefix) ? INVERTED : SEPARABLE));
    }

    private static String key(String path, List<String> layers) {
        String[] parts = path.split("\\.");
        StringBuilder key = new StringBuilder(place(layers, parts[0]));
        for (int i = 1; i < parts.length; i++) {
            key.append(place(i == parts.length - 1 ? TENSORS : EXCITATION, parts[i]));
        }
        return key.toString();
    }

    /** Return a two-digit index; unknown names sort last. */
    private static String place(List<String> known, String name) {
        int at = known.indexOf(name);
        return String.format("%02d", at < 0 ? known.size() : at);
    }
}
