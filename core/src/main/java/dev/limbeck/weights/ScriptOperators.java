package dev.limbeck.weights;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Know which operators a network needs, and which of PyTorch's it does not: {@code torchscript-operators.txt}. */
final class ScriptOperators {
    private static final String LIST = "torchscript-operators.txt";
    private static final Pattern HEADING = Pattern.compile("\\[(\\w+)](?: refused: (.+)| .*)?");

    /** Names of Python's that a program may call or read by themselves, and may not. */
    private static final Map<String, String> REFUSED_NAMES = Map.of(
            "print", "writes to the terminal",
            "rpc_async", "reaches other processes or machines",
            "rpc_sync", "reaches other processes or machines",
            "rpc_remote", "reaches other processes or machines");

    /** Properties of values that are not operators of their own name. */
    private static final Set<String> PROPERTIES =
            Set.of("shape", "ndim", "T", "H", "mT", "mH", "grad", "value", "names", "unpack", "__new__", "__init__");

    /** The namespaces of operators that come with PyTorch. */
    private static final Set<String> OWN = Set.of(
            "aten", "prim", "prims", "quantized", "_quantized", "mkldnn", "sparse", "profiler", "c10d", "inductor");

    private static final Set<String> ALLOWED = new HashSet<>();
    private static final Map<String, String> REFUSED = new HashMap<>();

    static {
        read();
    }

    private ScriptOperators() {}

    private static void read() {
        try (InputStream in = Objects.requireNonNull(ScriptOperators.class.getResourceAsStream(LIST), LIST);
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            String namespace = "";
            String reason = null;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isBlank() || line.startsWith("#")) continue;
                Matcher heading = HEADING.matcher(line);
                if (heading.matches()) {
                    namespace = heading.group(1);
                    reason = heading.group(2);
                    continue;
                }
                for (String name : line.split(" ")) {
                    String operator = namespace + "::" + name;
                    if (reason == null) ALLOWED.add(operator);
                    else REFUSED.put(operator, reason);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean isAllowed(String operator) {
        return ALLOWED.contains(operator);
    }

    static Set<String> allowed() {
        return ALLOWED;
    }

    /** Return whether an operator is in a namespace of PyTorch's own, so that a release may have it. */
    static boolean isOfPyTorch(String operator) {
        return OWN.contains(operator.substring(0, operator.indexOf("::")));
    }

    /** Return why an operator that PyTorch has is refused; null if it is allowed or unknown. */
    static @Nullable String refusal(String operator) {
        return REFUSED.get(operator);
    }

    /** Return why a name that stands by itself is refused; null if it is not. */
    static @Nullable String refusalOfName(String name) {
        return REFUSED_NAMES.get(name);
    }

    /** Return whether a name after a dot is a method or property that any value may have. */
    static boolean isMember(String name) {
        return ALLOWED.contains("aten::" + name) || ALLOWED.contains("prim::" + name) || PROPERTIES.contains(name);
    }

    /** Return why a name behind a dot is refused as an operator of that name; null if it is not. */
    static @Nullable String refusalOfMember(String name) {
        String reason = REFUSED.get("aten::" + name);
        return reason == null && !isMember(name) ? REFUSED.get("prim::" + name) : reason;
    }
}
