package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that the Java in the documents compiles unchanged, with the imports of bin/limbeck shell and its own. */
class SnippetsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

    private static final Pattern IMPORT = Pattern.compile("(?m)^import .*\\n");

    /** Variables that a document's text declares. */
    private static final String GIVEN = "ImageData data; Learner teacher, student, learner; Path file;"
            + " float[][] rows, otherRows; int[] labels, otherLabels; Map<String, Object> row;";

    @TempDir
    Path classes;

    /** Hold a block of Java in a document. */
    private record Snippet(String document, String code) {
        @Override
        public String toString() {
            return document + ": " + code.lines().findFirst().orElse("");
        }
    }

    static Stream<Snippet> snippets() throws IOException {
        List<Snippet> found = new ArrayList<>();
        List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            docs.filter(path -> path.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        for (Path document : documents) {
            Matcher block = BLOCK.matcher(Files.readString(document).replace("\r\n", "\n"));
            while (block.find()) {
                found.add(new Snippet(document.getFileName().toString(), block.group(1)));
            }
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void compiles(Snippet snippet) throws IOException {
        assertThat(errors(GIVEN, snippet.code)).isEmpty();
    }

    /** Users may know these statements by heart, so they must keep compiling. */
    @Test
    void theTutorialCompilesWordForWord() throws IOException {
        assertThat(errors("", """
                        var pets = ImageData.builder(Datasets.pets())
                                .labelByName(name -> Character.isUpperCase(name.charAt(0)) ? "cat" : "dog")
                                .imageSize(64).batchSize(64).build();

                        var teacher = Learner.pretrained(pets, Zoo.RESNET34);
                        teacher.unfreeze();
                        teacher.fitOneCycle(5, 1e-3);

                        var student = Learner.create(pets, Zoo.RESNET18);
                        student.fitOneCycle(10, 1e-3, KnowledgeDistillation.from(teacher).weight(0.5).build());
                        """)).isEmpty();
    }

    /** Return the compiler's errors for statements in a method of a class with the given fields. */
    private String errors(String given, String code) throws IOException {
        Matcher own = IMPORT.matcher(code);
        String imports = Files.readString(ROOT.resolve("bin/shell.jsh"))
                + own.results().map(MatchResult::group).collect(Collectors.joining());
        String unit = imports + "class Snippet {\n" + given + "\nvoid snippet() throws Exception {\n"
                + own.replaceAll("") + "\n}\n}\n";
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter out = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return unit;
                    }
                };
        List<String> options = List.of(
                "-d", classes.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none", "-Xlint:none");
        boolean done =
                compiler.getTask(out, null, null, options, null, List.of(file)).call();
        return done ? "" : out.toString();
    }
}
