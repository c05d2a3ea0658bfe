package dev.limbeck.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sort tensor names in the order of computation, timm's of the EfficientNet family by their layers. A safetensors file from Python is
 * sorted alphabetically, so its order is of no use.
 *
 * <p>Source: timm 1.0, {@code _efficientnet_blocks.py} (DepthwiseSeparableConv, InvertedResidual, SqueezeExcite,
 * ConvBnAct).
 */
final class TimmOrder {
    private static final String STEM = "conv_stem.weight";
    private static final Pattern BLOCK = Pattern.compile("blocks\\.(\\d{1,8})\\.(\\d{1,8})\\.(.+)");
    private static final Pattern PROJECTION = Pattern.compile("(blocks\\.\\d+\\.\\d+\\.)conv_pwl\\.weight");

    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final int DIGITS = 8;

    private static final List<String> NETWORK =
            List.of("conv_stem", "bn1", "blocks", "conv_head", "bn2", "norm_head", "classifier");
    private static final List<String> INVERTED = List.of("conv_pw", "bn1", "conv_dw", "bn2", "se", "conv_pwl", "bn3");
    private static final List<String> SEPARABLE = List.of("conv_dw", "conv", "bn1", "se", "conv_pw", "bn2");
    private static final List<String> EXCITATION = List.of("conv_reduce", "conv_expand");
    private static final List<String> TENSORS = List.of("weight", "bias", "running_mean", "running_var");

    private TimmOrder() {}

    /** Return whether names are timm's of the EfficientNet family. */
    static boolean isOf(Collection<String> names) {
        return names.contains(STEM);
    }

    /**
     * Return the names in layer order. Modules of other families keep theirs, unless all names are in alphabetical order: then numbers
     * count, 2 before 10. The tensors of a module are ordered in any case, weight before bias.
     */
    static List<String> of(Collection<String> names) {
        List<String> ordered = new ArrayList<>(names);
        if (!isOf(names)) return byModule(ordered);
        Set<String> inverted = names.stream()
                .map(PROJECTION::matcher)
                .filter(Matcher::matches)
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        ordered.sort(Comparator.comparing(name -> key(name, inverted)));
        return ordered;
    }

    private static List<String> byModule(List<String> names) {
        List<String> given = new ArrayList<>(names);
        boolean sorted = given.equals(given.stream().sorted().toList());
        if (sorted) given.sort(Comparator.comparing(TimmOrder::padded));
        Map<String, List<String>> modules = new LinkedHashMap<>();
        for (String name : given) {
            modules.computeIfAbsent(module(name), path -> new ArrayList<>()).add(name);
        }
        List<String> ordered = new ArrayList<>();
        modules.values().forEach(tensors -> {
            tensors.sort(Comparator.comparingInt(name -> place(ending(name))));
            ordered.addAll(tensors);
        });
        return ordered;
    }

    /** Return a name whose numbers have one length, so that they are sorted by value. */
    private static String padded(String name) {
        return NUMBER.matcher(name)
                .replaceAll(number -> ("0".repeat(DIGITS) + number.group())
                        .substring(Math.min(DIGITS, number.group().length())));
    }

    private static String module(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    private static String ending(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static int place(String ending) {
        int at = TENSORS.indexOf(ending);
        return at < 0 ? TENSORS.size() : at;
    }

    /** Return whether a tensor of one name may be that of another: names of weights, biases and statistics tell them apart. */
    static boolean mayBe(String theirs, String ours) {
        return !TENSORS.contains(ending(theirs)) || ending(theirs).equals(ending(ours));
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
        String[] parts = path.split("\\.", -1);
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
