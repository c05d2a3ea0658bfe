package dev.limbeck.weights;

import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.ScriptPickle.Built;
import dev.limbeck.weights.ScriptPickle.Complex;
import dev.limbeck.weights.ScriptPickle.Place;
import dev.limbeck.weights.ScriptProgram.Declared;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compare the objects of a pickle with the classes declared by the code. LibTorch stores each value without a type
 * check, and computes with it.
 */
final class ScriptObjects {
    private static final int DEEPEST = 500;
    private static final long MOST_STEPS = 20_000_000;
    private static final String PACKED = "__torch__.torch.classes.";

    private final ScriptProgram program;

    /** Values that were compared with a type already, by the type. */
    private final Map<Object, Set<ScriptType>> done = new IdentityHashMap<>();

    private final Set<Object> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<String, Integer> classes = new TreeMap<>();
    private final List<Built> packed = new ArrayList<>();
    private final Map<String, Map<String, ScriptType>> fields = new HashMap<>();
    private final Map<Object, Integer> heights = new IdentityHashMap<>();
    private int depth;
    private int reached;
    private long steps;

    private ScriptObjects(ScriptProgram program) {
        this.program = program;
    }

    /**
     * Check a pickle's values.
     *
     * @param type that the outermost value must have
     * @throws IllegalArgumentException in one line, if a value is not of the type that its place has
     */
    static ScriptObjects check(ScriptProgram program, ScriptPickle.Content content, @Nullable ScriptType type) {
        ScriptObjects objects = new ScriptObjects(program);
        if (type != null) {
            objects.match("it", content.root(), type);
        } else if (content.root() instanceof Built root) {
            objects.match("it", root, new ScriptType(root.className(), List.of()));
        } else {
            throw new IllegalArgumentException("holds no module");
        }
        for (ScriptPickle.Tagged tagged : content.tagged()) objects.match("a list", tagged.container(), tagged.type());
        return objects;
    }

    /** Return how many objects of each class there are. */
    Map<String, Integer> classes() {
        return classes;
    }

    /** Return the objects of LibTorch's own classes. */
    List<Built> packed() {
        return packed;
    }

    private void match(String place, @Nullable Object value, ScriptType type) {
        if (++steps > MOST_STEPS) throw new IllegalArgumentException("has more values than are looked at");
        depth++;
        reach(depth);
        if (value instanceof List || value instanceof Map || value instanceof Object[] || value instanceof Built) {
            container(place, value, type);
        } else if (!fits(place, value, type)) {
            throw wrong(place, value, type);
        }
        depth--;
    }

    private void container(String place, Object value, ScriptType type) {
        if (open.contains(value)) throw new IllegalArgumentException("has a value that holds itself");
        if (!done.computeIfAbsent(value, key -> new HashSet<>()).add(type)) {
            reach(depth + heights.getOrDefault(value, 0));
            return;
        }
        int outer = reached;
        reached = depth;
        open.add(value);
        if (!fits(place, value, type)) throw wrong(place, value, type);
        open.remove(value);
        heights.merge(value, reached - depth, Math::max);
        reached = Math.max(outer, reached);
    }

    private void reach(int place) {
        if (place > DEEPEST) throw new IllegalArgumentException("has values more than " + DEEPEST + " deep");
        reached = Math.max(reached, place);
    }

    private static IllegalArgumentException wrong(String place, @Nullable Object value, ScriptType type) {
        return new IllegalArgumentException("has " + kind(value) + " where " + IoErrors.printable(place) + " is "
                + IoErrors.printable(type.toString()));
    }

    private boolean fits(String place, @Nullable Object value, ScriptType type) {
        switch (type.name()) {
            case "Tensor":
                // A tensor that is not defined is written as None.
                return value == null || value instanceof ScriptTensor;
            case "int":
                return value instanceof Long;
            case "float":
                return value instanceof Double;
            case "complex":
                return value instanceof Complex;
            case "bool":
                return value instanceof Boolean;
            case "number", "Scalar":
                return value instanceof Long
                        || value instanceof Double
                        || value instanceof Complex
                        || value instanceof Boolean;
            case "str":
                return value instanceof String;
            case "Device", "device":
                return value instanceof Place;
            case "NoneType", "None":
                return value == null;
            case "Any":
                return any(place, value);
            case "Optional":
                if (value != null) match(place, value, type.argument(0));
                return true;
            case "Union":
                return type.arguments().stream().anyMatch(one -> fitsOne(place, value, one));
            case "List", "list":
                if (!(value instanceof List<?> items)) return false;
                for (Object item : items) match(place, item, type.argument(0));
                return true;
            case "Dict", "dict":
                if (!(value instanceof Map<?, ?> map)) return false;
                map.forEach((key, item) -> {
                    match(place, key, type.argument(0));
                    match(place, item, type.argument(1));
                });
                return true;
            case "Tuple", "tuple":
                return value instanceof Object[] items && tuple(place, items, elements(type));
            default:
                return value != null && declared(place, value, type.name());
        }
    }

    private static List<ScriptType> elements(ScriptType tuple) {
        boolean empty = tuple.arguments().size() == 1
                && tuple.argument(0).name().equals("()")
                && tuple.argument(0).arguments().isEmpty();
        return empty ? List.of() : tuple.arguments();
    }

    private boolean tuple(String place, @Nullable Object[] items, List<ScriptType> types) {
        if (items.length != types.size()) return false;
        for (int i = 0; i < items.length; i++) match(place, items[i], types.get(i));
        return true;
    }

    private boolean fitsOne(String place, @Nullable Object value, ScriptType type) {
        int before = depth;
        Set<Object> beforeOpen = Collections.newSetFromMap(new IdentityHashMap<>());
        beforeOpen.addAll(open);
        try {
            return fits(place, value, type);
        } catch (IllegalArgumentException e) {
            depth = before;
            open.retainAll(beforeOpen);
            // What was begun was not found to fit.
            done.clear();
            return false;
        }
    }

    /** Check a value that only has its own description. */
    private boolean any(String place, @Nullable Object value) {
        if (value instanceof List<?> items) items.forEach(item -> match(place, item, ScriptType.ANY));
        else if (value instanceof Object[] items) for (Object item : items) match(place, item, ScriptType.ANY);
        else if (value instanceof Map<?, ?> map) map.values().forEach(item -> match(place, item, ScriptType.ANY));
        else if (value instanceof Built built) match(place, built, new ScriptType(built.className(), List.of()));
        else
            return value == null
                    || value instanceof Long
                    || value instanceof Double
                    || value instanceof Boolean
                    || value instanceof String
                    || value instanceof Complex
                    || value instanceof Place
                    || value instanceof ScriptTensor;
        return true;
    }

    private boolean declared(String place, Object value, String name) {
        if (name.startsWith(PACKED)) {
            if (!(value instanceof Built built) || !built.className().equals(name)) return false;
            String known = name.substring(PACKED.length());
            match(place, built.state(), PackedState.typeOf(known));
            packed.add(built);
            return true;
        }
        Declared type = program.find(name);
        if (type == null) {
            throw new IllegalArgumentException(
                    "names the class " + IoErrors.printable(name) + ", which its code does not declare");
        }
        if (type.kind().equals("NamedTuple")) {
            return value instanceof Object[] items
                    && tuple(place, items, List.copyOf(type.attributes().values()));
        }
        if (!(value instanceof Built built)) return false;
        if (type.kind().equals("Enum")) return built.className().equals(name) && isMember(type, built.state());
        Declared own = built.className().equals(name) ? type : program.find(built.className());
        if (type.kind().equals("Interface") || type.kind().equals("ModuleInterface")) {
            if (own == null
                    || own == type
                    || !own.methods().entrySet().containsAll(type.methods().entrySet())) return false;
            match(place, built, new ScriptType(own.name(), List.of()));
            return true;
        }
        if (own != type) return false;
        object(built, type);
        return true;
    }

    private void object(Built built, Declared type) {
        classes.merge(ScriptProgram.plain(type.name()), 1, Integer::sum);
        if (type.methods().containsKey("__setstate__")) {
            ScriptType state = type.states().getOrDefault("__setstate__", ScriptType.ANY);
            match("the state of " + type.name(), built.state(), state);
            if (ScriptPacking.isLayer(type.name())) PackedState.checkLayer(type.name(), built.state());
            return;
        }
        if (!(built.state() instanceof Map<?, ?> state)) {
            throw new IllegalArgumentException("has an object of " + type.name() + " without its attributes");
        }
        if (!state.keySet().equals(attributes(type).keySet())) {
            throw new IllegalArgumentException("has an object of " + IoErrors.printable(type.name())
                    + " with other attributes than its class declares");
        }
        attributes(type).forEach((name, one) -> match(type.name() + "." + name, state.get(name), one));
    }

    private Map<String, ScriptType> attributes(Declared type) {
        return fields.computeIfAbsent(type.name(), name -> {
            Map<String, ScriptType> own = new HashMap<>(type.attributes());
            String plain = ScriptProgram.plain(name);
            // LibTorch reads a tensor that old releases wrote as what it packs today.
            if (plain.equals("__torch__.torch.nn.quantized.modules.linear.LinearPackedParams")
                    || plain.equals("__torch__.torch.nn.quantized.modules.linear.Linear")) {
                own.computeIfPresent(
                        "_packed_params", (key, old) -> old.name().equals("Tensor") ? ScriptType.ANY : old);
            }
            return own;
        });
    }

    private static boolean isMember(Declared type, @Nullable Object value) {
        return type.members().values().stream().anyMatch(known -> isWritten(known, value));
    }

    private static boolean isWritten(String text, @Nullable Object value) {
        if (!(value instanceof Double number))
            return (value instanceof String || value instanceof Long) && text.equals(value.toString());
        try {
            return Double.parseDouble(text) == number;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static String kind(@Nullable Object value) {
        if (value == null) return "None";
        if (value instanceof Object[] items) return "a tuple of " + items.length;
        if (value instanceof List<?>) return "a list";
        if (value instanceof Map<?, ?>) return "a map";
        if (value instanceof ScriptTensor) return "a tensor";
        if (value instanceof Built built) return "an object of " + IoErrors.printable(built.className());
        if (value instanceof String) return "a text";
        if (value instanceof Long) return "a whole number";
        return "a " + value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }
}
