package dev.limbeck.weights;

import dev.limbeck.weights.ScriptLexer.Kind;
import dev.limbeck.weights.ScriptLexer.Token;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Hold what the code of a TorchScript file declares: its classes with their attributes, and its functions. */
final class ScriptProgram {
    private static final Pattern MANGLED = Pattern.compile("\\.___torch_mangle_\\d+");

    private static final Set<String> KINDS = Set.of("", "Module", "NamedTuple", "Enum", "Interface", "ModuleInterface");
    private static final Set<String> LISTS = Set.of(
            "__parameters__",
            "__buffers__",
            "__annotations__",
            "__forward_hooks__",
            "__forward_pre_hooks__",
            "__backward_hooks__");

    /**
     * A class that the code declares.
     *
     * @param kind what it is made of: Module, NamedTuple, Enum, Interface, ModuleInterface, or empty for a plain one
     * @param attributes name and type, in order
     * @param members values of an enum by name
     * @param methods name and what stands between {@code (self} and the colon
     */
    record Declared(
            String name,
            String kind,
            Map<String, ScriptType> attributes,
            Map<String, String> members,
            Map<String, String> methods,
            Map<String, ScriptType> states) {}

    /** The words of one file, and in which class each stands. */
    record Source(String path, String qualifier, List<Token> tokens, List<@Nullable Declared> within) {}

    private final Map<String, Declared> classes = new LinkedHashMap<>();
    private final Map<String, String> functions = new HashMap<>();
    private final List<Source> sources = new ArrayList<>();

    /**
     * Read code.
     *
     * @param files bytes by the names of entries, such as {@code code/__torch__.py}
     * @throws IllegalArgumentException in one line that begins with the file's name, if it is none
     */
    static ScriptProgram read(Map<String, byte[]> files) {
        ScriptProgram program = new ScriptProgram();
        files.forEach((path, bytes) -> {
            try {
                program.read(path, text(bytes));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("its code " + ScriptArchive.quoted(path) + " " + e.getMessage(), e);
            }
        });
        return program;
    }

    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is not text", e);
        }
    }

    private void read(String path, String text) {
        List<Token> tokens = ScriptLexer.tokens(text);
        String qualifier =
                path.substring("code/".length(), path.length() - ".py".length()).replace('/', '.');
        Source source = new Source(path, qualifier, tokens, new ArrayList<>());
        sources.add(source);
        Declared current = null;
        int bodyIndent = -1;
        for (int i = 0; i < tokens.size(); ) {
            int end = i + 1;
            while (end < tokens.size() && !tokens.get(end).isFirst()) end++;
            List<Token> line = tokens.subList(i, end);
            int indent = tokens.get(i).indent();
            if (indent == 0) {
                current = null;
                bodyIndent = -1;
                if (line.get(0).is("class")) current = declare(qualifier, line);
                else if (line.get(0).is("def")) declareFunction(qualifier, line);
            } else if (current != null) {
                if (bodyIndent < 0) bodyIndent = indent;
                if (indent == bodyIndent) declareMember(current, line);
            }
            for (; i < end; i++) source.within.add(current);
        }
    }

    private Declared declare(String qualifier, List<Token> line) {
        String name = qualifier + "." + name(line, 1);
        String kind = "";
        if (line.size() > 3 && line.get(2).is("(")) kind = name(line, 3);
        if (!KINDS.contains(kind)) throw new IllegalArgumentException("declares " + name + " of the kind " + kind);
        Declared made = new Declared(
                name, kind, new LinkedHashMap<>(), new LinkedHashMap<>(), new HashMap<>(), new HashMap<>());
        if (classes.putIfAbsent(name, made) != null) throw new IllegalArgumentException("declares " + name + " twice");
        return made;
    }

    private void declareFunction(String qualifier, List<Token> line) {
        functions.put(qualifier + "." + name(line, 1), qualifier);
    }

    private static void declareMember(Declared owner, List<Token> line) {
        Token first = line.get(0);
        if (first.is("def")) {
            String name = name(line, 1);
            if (owner.methods.put(name, signature(line)) != null) {
                throw new IllegalArgumentException("declares " + owner.name + "." + name + " twice");
            }
            if (name.equals("__setstate__")) owner.states.put(name, secondArgument(line));
            return;
        }
        if (first.is("__annotations__") && line.size() > 5 && line.get(1).is("[")) {
            if (line.get(2).kind() != Kind.TEXT
                    || !line.get(3).is("]")
                    || !line.get(4).is("=")) {
                throw new IllegalArgumentException(
                        "declares an attribute of " + owner.name + " in a way that is not read");
            }
            attribute(owner, line.get(2).text(), ScriptType.parse(line, new int[] {5}));
            return;
        }
        if (first.is("pass") && line.size() == 1) return;
        // Of a line that is none of these LibTorch takes parts that are not there.
        if (!first.isName() || line.size() < 3) throw unread(owner);
        if (line.get(1).is(":") && !owner.kind.equals("Enum")) {
            int[] at = {2};
            ScriptType type = ScriptType.parse(line, at);
            // With a value it is a constant, which takes no place in an object.
            if (at[0] == line.size()) attribute(owner, first.text(), type);
            else if (line.get(at[0]).is("=") && at[0] + 1 < line.size()) owner.members.put(first.text(), "");
            else throw unread(owner);
        } else if (line.get(1).is("=") && (owner.kind.equals("Enum") || isListOfNames(line))) {
            StringBuilder value = new StringBuilder();
            for (Token token : line.subList(2, line.size())) value.append(token.text());
            owner.members.put(first.text(), value.toString());
        } else {
            throw unread(owner);
        }
    }

    private static IllegalArgumentException unread(Declared owner) {
        return new IllegalArgumentException("declares a part of " + owner.name + " in a way that is not read");
    }

    /** Return whether a line is one of {@code __parameters__ = ["weight", ]} and its like. */
    private static boolean isListOfNames(List<Token> line) {
        int last = line.size() - 1;
        return LISTS.contains(line.get(0).text())
                && line.get(2).is("[")
                && last > 2
                && line.get(last).is("]")
                && line.subList(3, last).stream().allMatch(token -> token.kind() == Kind.TEXT || token.is(","));
    }

    private static void attribute(Declared owner, String name, ScriptType type) {
        if (owner.attributes.put(name, type) != null) {
            throw new IllegalArgumentException("declares " + owner.name + "." + name + " twice");
        }
    }

    /** Return what a method takes besides its object, and gives, as text. */
    private static String signature(List<Token> line) {
        StringBuilder text = new StringBuilder();
        int i = 3;
        while (i < line.size() && !line.get(i).is(",") && !line.get(i).is(")")) i++;
        for (; i < line.size(); i++) text.append(line.get(i).text()).append(' ');
        return text.toString();
    }

    /** Return the type of the state that {@code __setstate__(self: …, state: TYPE)} takes. */
    private static ScriptType secondArgument(List<Token> line) {
        int i = 3;
        while (i < line.size() && !line.get(i).is(",")) i++;
        if (i + 3 >= line.size() || !line.get(i + 2).is(":")) {
            throw new IllegalArgumentException("has a __setstate__ that does not say what it takes");
        }
        return ScriptType.parse(line, new int[] {i + 3});
    }

    private static String name(List<Token> line, int at) {
        if (at < line.size() && line.get(at).isName()) return line.get(at).text();
        throw new IllegalArgumentException("declares something without a name");
    }

    Map<String, Declared> classes() {
        return classes;
    }

    @Nullable
    Declared find(String name) {
        return classes.get(name);
    }

    boolean isFunction(String name) {
        return functions.containsKey(name);
    }

    List<Source> sources() {
        return sources;
    }

    /** Return a class's name without the suffix that PyTorch adds to distinguish classes of one name. */
    static String plain(String name) {
        return MANGLED.matcher(name).replaceAll("");
    }
}
