package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryTest {
    @TempDir
    Path folder;

    private final List<String> warned = new ArrayList<>();

    /** Compile a user's class, and write lines to its jar's service file. */
    private Path jar(String name, String className, String body, String... lines) throws IOException {
        Path jar = Files.createDirectories(folder.resolve(name));
        Path source = jar.resolve(className + ".java");
        Files.writeString(source, "public class " + className + " implements dev.limbeck.Greeting {" + body + "}");
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-cp",
                                System.getProperty("java.class.path"),
                                "-d",
                                jar.toString(),
                                source.toString()))
                .isZero();
        Path list = jar.resolve("META-INF/services/" + Greeting.class.getName());
        Files.createDirectories(list.getParent());
        Files.writeString(list, String.join("\n", lines) + "\n");
        return jar;
    }

    private static String named(String name) {
        return "public String name() { return \"" + name + "\"; }";
    }

    private Registry<Greeting> registry(Path... jars) throws IOException {
        URL[] urls = new URL[jars.length];
        for (int i = 0; i < jars.length; i++) urls[i] = jars[i].toUri().toURL();
        ClassLoader loader = new URLClassLoader(urls, Greeting.class.getClassLoader());
        return new Registry<>("greeting", Greeting.class, one -> List.of(one.name()), warned::add, loader);
    }

    @Test
    void theOrderIsThatOfTheClassesWhateverTheClassPath() throws IOException {
        Path b = jar("first", "Beta", named("ahoy"), "Beta # with a comment");
        Path a = jar("second", "Alpha", named("hello"), "", "Alpha");
        assertThat(registry(b, a).names()).containsExactly("hello", "ahoy");
        assertThat(registry(a, b).names()).containsExactly("hello", "ahoy");
        assertThat(registry(a, b).require("ahoy").name()).isEqualTo("ahoy");
        assertThat(registry(a, b).find("moin")).isEmpty();
        assertThatThrownBy(() -> registry(a, b).require("hallo"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("no greeting 'hallo'; nearest: hello, ahoy");
        assertThat(warned).isEmpty();
    }

    @Test
    void aNameOfTwoIsRefusedAndTheOthersStay() throws IOException {
        Path a = jar("a", "Alpha", named("hello"), "Alpha");
        Path b = jar("b", "Beta", named("hello"), "Beta");
        Path c = jar("c", "Gamma", named("ahoy"), "Gamma");
        Registry<Greeting> all = registry(a, b, c);
        assertThat(all.require("ahoy").name()).isEqualTo("ahoy");
        assertThat(all.names()).containsExactly("hello", "ahoy");
        String line = "the name 'hello' of a greeting is claimed by Alpha in " + a + " and Beta in " + b
                + "; take one of them off the class path";
        assertThatThrownBy(() -> all.require("hello")).hasMessage(line);
        assertThat(warned).containsExactly(line);
    }

    @Test
    void aBrokenOneIsLeftOutWithItsJarAndTheReasonOnce() throws IOException {
        Path good = jar("good", "Good", named("hello"), "Good");
        Path thrown =
                jar("thrown", "Thrown", named("x") + "public Thrown() { int zero = 0; zero = 1 / zero; }", "Thrown");
        Path gone = jar("gone", "Gone", named("x"), "not.There", "Kept");
        jar("gone", "Kept", named("kept"), "not.There", "Kept");
        Path hidden = jar("hidden", "Hidden", named("x") + "public Hidden(int one) {}", "Hidden");
        Path other = jar("other", "Other", named("x"), "java.lang.String");
        Path nameless = jar("nameless", "Nameless", named("two words"), "Nameless");
        Path old = jar("old", "Old", named("x"), "Old");
        Path bytes = old.resolve("Old.class");
        byte[] code = Files.readAllBytes(bytes);
        code[7] = 127; // a future Java version
        Files.write(bytes, code);

        Registry<Greeting> all = registry(thrown, gone, hidden, other, old, nameless, good);
        assertThat(all.names()).containsExactly("hello", "kept");
        assertThat(all.require("kept").name()).isEqualTo("kept");
        assertThat(warned).isEqualTo(all.problems()).hasSize(6).allMatch(line -> !line.contains("\n"));
        assertThat(String.join("\n", warned))
                .contains("the greeting Thrown in " + thrown + " is left out (ArithmeticException: / by zero); mend")
                .contains(
                        "the greeting not.There in " + gone + " is left out (ClassNotFoundException: not.There); mend")
                .contains("the greeting Hidden in " + hidden + " is left out (NoSuchMethodException")
                .contains(
                        "the greeting java.lang.String in " + other + " is left out (ClassCastException: it is not a ")
                .contains("the greeting Nameless in " + nameless + " is left out (expected a name of letters")
                .contains("the greeting Old in " + old + " is left out (UnsupportedClassVersionError: ");
    }
}
