package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.StateDict;
import dev.limbeck.nn.StateDictFit;
import dev.limbeck.tensor.DType;
import dev.limbeck.weights.RequiredTensors.Need;
import dev.limbeck.weights.TensorGroups.Group;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Map a group of a file's tensors (a state dict) to a network's parameters and buffers, under a name prefix, and measure how well it fits. */
public final class WeightFit {
    /** What wraps parts of a network adds to the names in their middle. */
    private static final Pattern WRAPPERS = Pattern.compile(
            "(?<![^.])(module|_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|_forward_module)\\.");

    private static final int NAMED = 4;
    private static final int MOST_PREFIXES = 64;
    private static final int MOST_NEAR = 8;

    private final WeightFile file;
    private final Group group;
    private final List<Group> others;
    private final RequiredTensors needs;
    private final String prefix;
    private final String renaming;
    /** What was found, by the names that are needed. */
    private final Map<String, TensorInfo> found = new LinkedHashMap<>();

    private final List<String> missing = new ArrayList<>();
    private final List<String> shapes = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();
    /** Tensors under the prefix that the network does not need. */
    private final Map<String, TensorInfo> rest = new LinkedHashMap<>();

    /**
     * Compare.
     *
     * @param named the tensors of the group by the names to compare
     * @param renaming what was done to the names before, in words; empty for nothing
     */
    private WeightFit(
            WeightFile file,
            Group group,
            List<Group> others,
            RequiredTensors needs,
            String prefix,
            Map<String, TensorInfo> named,
            String renaming) {
        this.file = file;
        this.group = group;
        this.others = others;
        this.needs = needs;
        this.prefix = prefix;
        this.renaming = renaming;
        needs.tensors().forEach((name, need) -> look(name, need, named.get(prefix + name)));
        Set<String> stems =
                needs.tensors().keySet().stream().map(WeightFit::stem).collect(Collectors.toSet());
        named.forEach((name, tensor) -> {
            if (!name.startsWith(prefix)) {
                leftOut.add(name);
                return;
            }
            String own = name.substring(prefix.length());
            if (needs.tensors().containsKey(own)) return;
            rest.put(own, tensor);
            // A tensor where the network has its layers is one of another network; a single number there is a count.
            boolean anotherNetworks =
                    stems.contains(stem(own)) && tensor.count() > 1 && !RequiredTensors.isCounter(own);
            (anotherNetworks ? unexpected : leftOut).add(name);
        });
    }

    private void look(String name, Need need, @Nullable TensorInfo tensor) {
        if (tensor == null) {
            // They are not used in inference, nor in training with a momentum.
            if (!RequiredTensors.isCounter(name)) missing.add(name);
            return;
        }
        long[] have = tensor.shape();
        long[] want = need.shape();
        boolean open = needs.open().contains(name) && have.length > 0 && have.length == want.length;
        boolean same = Arrays.equals(have, open ? 1 : 0, have.length, want, open ? 1 : 0, want.length);
        // Of what is sparse or nested the shape is not known; it is refused when it is read.
        if (!same && tensor.type() != null) {
            shapes.add(StateDictFit.differing(name, want, have));
            return;
        }
        found.put(name, tensor);
    }

    /** Return what the first part of a name begins with: layers that are numbered are of one kind. */
    private static String stem(String name) {
        String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        int end = first.length();
        while (end > 0 && Character.isDigit(first.charAt(end - 1))) end--;
        return first.substring(0, end);
    }

    /** Compare a group under each prefix that may be the network's; if none fits, under names without wrappers. */
    static List<WeightFit> of(WeightFile file, Group group, List<Group> others, RequiredTensors needs) {
        List<WeightFit> fits = new ArrayList<>(of(file, group, others, needs, name -> name, ""));
        if (fits.stream().noneMatch(WeightFit::fits)) {
            fits.addAll(of(
                    file,
                    group,
                    others,
                    needs,
                    name -> WRAPPERS.matcher(name).replaceAll(""),
                    "parts of its names that wrappers added, such as _orig_mod, are taken off"));
        }
        if (fits.stream().noneMatch(WeightFit::fits)) {
            Map<String, String> numbered =
                    FastaiNames.of(group.tensors().keySet(), needs.tensors().keySet());
            fits.addAll(of(
                    file,
                    group,
                    others,
                    needs,
                    name -> numbered.getOrDefault(name, name),
                    "layers are named by number, as fastai does"));
        }
        return fits;
    }

    private static List<WeightFit> of(
            WeightFile file,
            Group group,
            List<Group> others,
            RequiredTensors needs,
            UnaryOperator<String> rename,
            String renaming) {
        Map<String, TensorInfo> named = new LinkedHashMap<>();
        group.tensors().forEach((name, tensor) -> named.put(rename.apply(name), tensor));
        boolean same = named.keySet().equals(group.tensors().keySet());
        if (!renaming.isEmpty() && (same || named.size() != group.tensors().size())) return List.of();
        return prefixes(named.keySet(), needs).stream()
                .map(prefix -> new WeightFit(file, group, others, needs, prefix, named, renaming))
                .toList();
    }

    /** Return what stands before the first and the last of the names that are needed, and nothing. */
    private static Set<String> prefixes(Set<String> names, RequiredTensors needs) {
        List<String> needed = needs.tensors().keySet().stream()
                .filter(name -> !RequiredTensors.isCounter(name))
                .toList();
        Set<String> prefixes = new LinkedHashSet<>(Set.of(""));
        if (needed.isEmpty()) return prefixes;
        Set<String> first = before(needed.get(0), names);
        Set<String> last = before(needed.get(needed.size() - 1), names);
        // A fitting prefix has both. One alone only helps to report what is missing, and a hostile file has it
        // everywhere.
        first.stream().filter(last::contains).limit(MOST_PREFIXES).forEach(prefixes::add);
        Stream.concat(first.stream(), last.stream()).limit(MOST_NEAR).forEach(prefixes::add);
        return prefixes;
    }

    private static Set<String> before(String anchor, Set<String> names) {
        String end = "." + anchor;
        return names.stream()
                .filter(name -> name.endsWith(end))
                .map(name -> name.substring(0, name.length() - anchor.length()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Return whether every tensor is there in its shape, and none that only another network has. */
    public boolean fits() {
        return missing.isEmpty() && shapes.isEmpty() && unexpected.isEmpty();
    }

    boolean isNearerThan(WeightFit other) {
        return found.size() > other.found.size();
    }

    String network() {
        return needs.network();
    }

    /** Return the location of the weights: map keys and the name prefix, joined by dots. */
    public String key() {
        return prefix.isEmpty()
                ? group.path()
                : TensorGroups.join(group.path(), prefix.substring(0, prefix.length() - 1));
    }

    /** Return the shape that the file gives a tensor that is needed and found. */
    public long[] shape(String name) {
        TensorInfo tensor = found.get(name);
        if (tensor == null) throw new IllegalArgumentException("'" + name + "' was not found");
        return tensor.shape();
    }

    /**
     * Read the tensors, by the names that are needed.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException naming what is missing, unexpected or of another shape, if it does not fit, or numbers that no
     *     network has, see {@link WeightCheck}
     */
    public StateDict read() {
        orThrow();
        StateDict state = file.readOnly(found);
        try {
            WeightCheck.require(file.path(), state.tensors());
            return state;
        } catch (RuntimeException e) {
            state.close();
            throw e;
        }
    }

    /** Read the tensors as {@link #read} does, and those that are left out by their own names without the prefix. */
    public StateDict readWithRest() {
        orThrow();
        Map<String, TensorInfo> all = new LinkedHashMap<>(found);
        rest.forEach((name, tensor) -> {
            if (tensor.type() != null) all.putIfAbsent(name, tensor);
        });
        return file.readOnly(all);
    }

    /** Refuse what does not fit. */
    public void orThrow() {
        try {
            new StateDictFit(missing, unexpected, shapes).orThrow(needs.network());
        } catch (LimbeckException e) {
            throw new LimbeckException(file.path() + ": " + e.getMessage(), e);
        }
        found.forEach((name, tensor) -> {
            file.requireReadable(name, tensor);
            if (needs.tensors().get(name).floating() && !floating(tensor)) {
                throw IoErrors.in(
                        file.path(),
                        "tensor '" + IoErrors.printable(name) + "' is of whole numbers (" + typeName(tensor)
                                + "); expected floating point; if it is quantized, save it as float32");
            }
        });
    }

    private static boolean floating(TensorInfo tensor) {
        DType type = tensor.type();
        return type != null && type.isFloatingPoint();
    }

    String sha256() {
        try (StateDict state = read()) {
            return state.sha256();
        }
    }

    /** Say what was chosen, changed and left out, one line in a list; an empty list where the file is the network's alone. */
    public List<String> notes() {
        List<String> remarks = remarks(name -> false);
        return remarks.isEmpty() ? List.of() : List.of(file.path() + ": " + String.join("; ", remarks));
    }

    /**
     * Say the same, without the file's name and a remark each, but for tensors, by their names without the prefix, that are known
     * to be left out.
     */
    public List<String> remarks(Predicate<String> known) {
        List<String> notes = new ArrayList<>();
        List<String> extra = leftOut.stream()
                .filter(name -> !name.startsWith(prefix) || !known.test(name.substring(prefix.length())))
                .toList();
        List<Group> beside = others.stream()
                .filter(other -> other != group && other.tensors().size() >= TensorGroups.SMALLEST_NETWORK)
                .toList();
        if (!beside.isEmpty()) {
            notes.add("weights taken from '" + group.path() + "', beside others under " + TensorGroups.names(beside));
        }
        if (!prefix.isEmpty()) notes.add("the prefix '" + prefix + "' is taken off its names");
        if (!renaming.isEmpty()) notes.add(renaming);
        if (!extra.isEmpty()) {
            String more = extra.size() > NAMED ? " and " + (extra.size() - NAMED) + " more" : "";
            notes.add("not of the network and left out: "
                    + IoErrors.printable(String.join(", ", extra.subList(0, Math.min(NAMED, extra.size()))))
                    + more);
        }
        Set<String> types = new TreeSet<>();
        found.forEach((name, tensor) -> {
            boolean floating = needs.tensors().get(name).floating();
            if (floating && tensor.type() != DType.FLOAT32) types.add(typeName(tensor));
        });
        if (!types.isEmpty()) notes.add(String.join(" and ", types) + " converted to float32");
        return notes;
    }

    private static String typeName(TensorInfo tensor) {
        DType type = tensor.type();
        return (type == null ? tensor.typeName() : type.name()).toLowerCase(Locale.ROOT);
    }
}
