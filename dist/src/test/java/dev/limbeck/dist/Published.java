package dev.limbeck.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Hold a published module: its folder, its POM and its jars.
 *
 * @param name the folder, which is the artifact without {@code limbeck-}
 */
record Published(String name) {
    static final Path ROOT = Path.of("..");
    static final String VERSION = System.getProperty("limbeck.version");

    /** List the modules that the BOM names. */
    static List<Published> all() throws Exception {
        Element bom = pom(ROOT.resolve("bom"));
        NodeList artifacts =
                ((Element) bom.getElementsByTagName("dependencyManagement").item(0)).getElementsByTagName("artifactId");
        return IntStream.range(0, artifacts.getLength())
                .mapToObj(i -> artifacts.item(i).getTextContent())
                .map(artifact -> new Published(artifact.replaceFirst("^limbeck-", "")))
                .toList();
    }

    static Element pom(Path folder) throws Exception {
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(folder.resolve("pom.xml").toFile());
        return document.getDocumentElement();
    }

    /** Return the text of a direct child, or null. */
    static String child(Element parent, String name) {
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node.getNodeName().equals(name)) return node.getTextContent().strip();
        }
        return null;
    }

    Element pom() throws Exception {
        return pom(ROOT.resolve(name));
    }

    /** Return the jar with a classifier such as {@code -sources}; the command line's lies beside what it needs. */
    Path jar(String classifier) throws IOException {
        String file = "limbeck-" + name + "-" + VERSION + classifier + ".jar";
        Path target = ROOT.resolve(name).resolve("target");
        try (Stream<Path> files = Stream.of(target.resolve(file), target.resolve("lib/" + file))) {
            List<Path> found = files.filter(Files::isRegularFile).toList();
            assertThat(found).as("%s of mvn -Prelease package", file).hasSize(1);
            return found.get(0);
        }
    }

    /** Return the packages of a jar that have classes. */
    static Set<String> packages(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            return zip.stream()
                    .map(ZipEntry::getName)
                    .filter(entry -> entry.endsWith(".class"))
                    .map(entry -> entry.substring(0, Math.max(0, entry.lastIndexOf('/'))))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    static byte[] content(Path jar, String entry) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry found = zip.getEntry(entry);
            assertThat(found).as("%s in %s", entry, jar).isNotNull();
            try (InputStream in = zip.getInputStream(found)) {
                return in.readAllBytes();
            }
        }
    }
}
