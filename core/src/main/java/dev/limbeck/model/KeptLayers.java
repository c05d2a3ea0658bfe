package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Choose the layers or blocks that a shallower network starts from: by default evenly from the first, which is every second one for half as
 * many.
 *
 * <p>Sanh et al., DistilBERT, a distilled version of BERT, 2019, arXiv 1910.01108, section 3: one layer out of two.
 *
 * @param layers for each layer of the network, one of the source, in ascending order
 * @param of number of layers of the source
 */
record KeptLayers(List<Integer> layers, int of) {
    private static final Pattern NAME = Pattern.compile("(.*encoder\\.layer\\.)(\\d{1,6})(\\..*)");
    private static final String DROPPED = "dropped.";

    KeptLayers {
        layers = List.copyOf(layers);
    }

    /**
     * Choose evenly from the first: block i of n is block ⌊i·N/n⌋ of N. The first is the first, and a half is every second one. Channels are chosen
     * so too.
     *
     * @param of number in the source, at least {@code wanted}
     */
    static KeptLayers evenly(int of, int wanted) {
        return new KeptLayers(
                IntStream.range(0, wanted)
                        .mapToObj(i -> (int) ((long) i * of / wanted))
                        .toList(),
                of);
    }

    /**
     * Choose.
     *
     * @param of number of layers of the source
     * @param wanted number of layers of the network
     * @param chosen layers to keep; null for the default
     * @throws LimbeckException if the source has too few layers, or others were chosen than it has
     */
    static KeptLayers of(Path source, int of, String network, int wanted, @Nullable List<Integer> chosen) {
        if (of < wanted) {
            throw new LimbeckException(source + " has " + of + " layers of an encoder, " + network + " needs " + wanted
                    + "; choose a student with at most " + of + " layers");
        }
        List<Integer> layers = chosen == null ? evenly(of, wanted).layers : chosen;
        boolean fits = layers.size() == wanted && layers.get(wanted - 1) < of && layers.get(0) >= 0;
        for (int i = 1; fits && i < wanted; i++) fits = layers.get(i - 1) < layers.get(i);
        if (fits) return new KeptLayers(layers, of);
        throw new LimbeckException("weights_layers (--weights-layers) must name " + wanted + " layers from 0 to "
                + (of - 1) + " in ascending order, one for each layer of " + network + ", found " + words(layers));
    }

    /** Return the number of different layers among the names of an encoder's tensors. */
    static int count(Collection<String> names) {
        return names.stream()
                .map(NAME::matcher)
                .filter(Matcher::matches)
                .map(name -> name.group(2))
                .collect(Collectors.toSet())
                .size();
    }

    boolean isWhole() {
        return layers.size() == of;
    }

    /** Return the name that a tensor of the source has in the network; empty if its layer is dropped. */
    private Optional<String> renamed(String name) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) return Optional.of(name);
        int at = layers.indexOf(Integer.parseInt(parts.group(2)));
        return at < 0 ? Optional.empty() : Optional.of(parts.group(1) + at + parts.group(3));
    }

    /** Return the values under the names of the network, without those of dropped layers. */
    <V> Map<String, V> select(Map<String, V> source) {
        Map<String, V> selected = new LinkedHashMap<>();
        source.forEach((name, value) -> renamed(name).ifPresent(own -> selected.put(own, value)));
        return selected;
    }

    /** Rename the tensors to the names of the network, and free those of dropped layers. */
    void select(StateDict state) {
        StateDict selected = state.renamed(name -> renamed(name).orElse(DROPPED + name));
        selected.take(DROPPED).close();
        state.add("", selected);
    }

    /**
     * Describe what starts from what.
     *
     * @param untouched names of tensors that keep their initial values
     */
    String describe(Collection<String> untouched) {
        List<Integer> own = IntStream.range(0, layers.size()).boxed().toList();
        Set<String> random = new TreeSet<>();
        untouched.forEach(name -> random.add(name.substring(0, Math.max(0, name.lastIndexOf('.')))));
        List<String> parts = new ArrayList<>();
        parts.add("layers " + words(own) + " start from layers " + words(layers) + " of " + of);
        if (!random.isEmpty()) parts.add("random at first: " + String.join(", ", random));
        return String.join("; ", parts);
    }

    /** Return layers in words, such as {@code 0, 2, 4}. */
    static String words(List<Integer> layers) {
        return layers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
