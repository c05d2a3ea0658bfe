package dev.limbeck.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Test that all published artifacts are as Maven Central, the module path and a repeated build need them. */
class PublishedJarsTest {
    static List<Published> modules() throws Exception {
        return Published.all();
    }

    @Test
    void theBomListsEveryPublishedModule() throws Exception {
        NodeList modules = Published.pom(Published.ROOT).getElementsByTagName("module");
        Set<String> published = new TreeSet<>();
        for (int i = 0; i < modules.getLength(); i++) {
            String name = modules.item(i).getTextContent();
            // Below examples/ are builds of their own.
            if (name.equals("bom") || name.startsWith("examples/")) continue;
            NodeList unpublished = new Published(name).pom().getElementsByTagName("unpublished");
            if (unpublished.getLength() == 0) published.add(name);
        }
        assertThat(modules().stream().map(Published::name)).containsExactlyInAnyOrderElementsOf(published);
    }

    /** The BOM is everyone's parent, and what it managed of other projects would bind whoever imports it. */
    @Test
    void theBomManagesLimbeckAlone() throws Exception {
        Element bom = Published.pom(Published.ROOT.resolve("bom"));
        assertThat(bom.getElementsByTagName("parent").getLength()).isZero();
        NodeList groups = bom.getElementsByTagName("groupId");
        for (int i = 0; i < groups.getLength(); i++) {
            if (groups.item(i).getParentNode().getNodeName().equals("dependency")) {
                assertThat(groups.item(i).getTextContent()).isEqualTo("dev.limbeck");
            }
        }
        for (String needed : List.of("name", "description", "url", "licenses", "developers", "scm")) {
            assertThat(Published.child(bom, needed)).as(needed).isNotBlank();
        }
        Element parent = (Element)
                Published.pom(Published.ROOT).getElementsByTagName("parent").item(0);
        assertThat(Published.child(parent, "artifactId")).isEqualTo("limbeck-bom");
    }

    @ParameterizedTest
    @MethodSource("modules")
    void isDescribed(Published module) throws Exception {
        Element pom = module.pom();
        assertThat(Published.child(pom, "name")).isNotBlank();
        assertThat(Published.child(pom, "description")).isNotBlank();
        // All else is inherited from the BOM by way of the parent.
        Element parent = (Element) pom.getElementsByTagName("parent").item(0);
        assertThat(Published.child(parent, "artifactId")).isEqualTo("limbeck-parent");
        assertThat(Published.child(parent, "version"))
                .isEqualTo(Published.VERSION)
                .doesNotContain("SNAPSHOT");
    }

    @ParameterizedTest
    @MethodSource("modules")
    void hasSourcesJavadocAndTheLicenseInEachJar(Published module) throws Exception {
        for (String classifier : List.of("", "-sources", "-javadoc")) {
            Path jar = module.jar(classifier);
            for (String file : List.of("LICENSE", "NOTICE")) {
                assertThat(Published.content(jar, "META-INF/" + file))
                        .as("%s in %s", file, jar)
                        .isEqualTo(Files.readAllBytes(Published.ROOT.resolve(file)));
            }
        }
        Set<String> sources = new HashSet<>();
        try (ZipFile zip = new ZipFile(module.jar("-sources").toFile())) {
            zip.stream().map(ZipEntry::getName).forEach(sources::add);
        }
        Set<String> missing = new TreeSet<>();
        try (ZipFile zip = new ZipFile(module.jar("").toFile())) {
            zip.stream()
                    .map(ZipEntry::getName)
                    .filter(entry -> entry.matches("[^$]+\\.class"))
                    .map(entry -> entry.replaceFirst("class$", "java"))
                    .filter(source -> !sources.contains(source))
                    .forEach(missing::add);
        }
        assertThat(missing).allMatch(source -> source.endsWith("package-info.java"));
        assertThat(Published.content(module.jar("-javadoc"), "index.html")).isNotEmpty();
        for (String name : Published.packages(module.jar(""))) {
            assertThat(Published.content(module.jar("-javadoc"), name + "/package-summary.html"))
                    .isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("modules")
    void hasAModuleName(Published module) throws Exception {
        Attributes manifest = new Manifest(
                        new ByteArrayInputStream(Published.content(module.jar(""), "META-INF/MANIFEST.MF")))
                .getMainAttributes();
        assertThat(manifest.getValue("Automatic-Module-Name")).isEqualTo("dev.limbeck." + module.name());
    }

    /** The jar for clusters repeats the others; its classifier keeps it out of dependencies. */
    @Test
    void noPackageIsInTwoJars() throws Exception {
        Map<String, String> owners = new HashMap<>();
        List<Path> jars = new ArrayList<>();
        for (Published module : modules()) {
            jars.add(module.jar(""));
            for (String name : Published.packages(module.jar(""))) {
                assertThat(owners.put(name, module.name()))
                        .as("package %s in %s and in", name, module.name())
                        .isNull();
            }
        }
        assertThat(owners).containsEntry("dev/limbeck", "image").hasSizeGreaterThan(30);
        // Java's own judgment: it refuses to resolve modules that share a package.
        ModuleFinder finder = ModuleFinder.of(jars.toArray(Path[]::new));
        List<String> names =
                modules().stream().map(module -> "dev.limbeck." + module.name()).toList();
        Configuration resolved =
                Configuration.resolve(finder, List.of(ModuleLayer.boot().configuration()), ModuleFinder.of(), names);
        assertThat(resolved.modules()).hasSameSizeAs(names);
    }

    @ParameterizedTest
    @MethodSource("modules")
    void allEntriesHaveTheTimeOfTheRelease(Published module) throws Exception {
        LocalDateTime time =
                LocalDateTime.ofInstant(Instant.parse(System.getProperty("limbeck.timestamp")), ZoneOffset.UTC);
        for (String classifier : List.of("", "-sources", "-javadoc")) {
            try (ZipFile zip = new ZipFile(module.jar(classifier).toFile())) {
                assertThat(zip.stream())
                        .isNotEmpty()
                        .allSatisfy(entry -> assertThat(entry.getTimeLocal()).isEqualTo(time));
            }
        }
    }
}
