package dev.limbeck.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that links in the documents lead somewhere, and that the site has all documents; site/build.sh checks the built pages. */
class DocumentsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s#]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*)$");
    private static final Pattern NAMED = Pattern.compile("<a id=\"([^\"]*)\"");

    static List<Path> documents() throws IOException {
        List<Path> all = new ArrayList<>();
        for (String folder : List.of("", "docs")) {
            try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(all::add);
            }
        }
        return all;
    }

    private static String text(Path document) throws IOException {
        return CODE.matcher(Files.readString(document).replace("\r\n", "\n")).replaceAll("");
    }

    /** Return the anchors of a document, as GitHub makes them. */
    private static Set<String> anchors(Path document) throws IOException {
        String text = text(document);
        Set<String> all = new HashSet<>();
        HEADING.matcher(text).results().forEach(heading -> {
            String anchor = heading.group(1)
                    .strip()
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}\\s_-]", "")
                    .replaceAll("\\s", "-");
            String free = anchor;
            for (int more = 1; !all.add(free); more++) free = anchor + "-" + more;
        });
        NAMED.matcher(text).results().forEach(name -> all.add(name.group(1)));
        return all;
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadSomewhere(Path document) throws IOException {
        List<String> broken = new ArrayList<>();
        Matcher link = LINK.matcher(text(document));
        while (link.find()) {
            if (link.group(1).contains(":")) continue;
            Path file = link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1));
            boolean isThere = Files.isRegularFile(file)
                    && (link.group(2) == null || anchors(file).contains(link.group(2)));
            if (!isThere) broken.add(link.group());
        }
        assertThat(broken).as(document.toString()).isEmpty();
    }

    @Test
    void theSiteHasEveryDocument() throws IOException {
        String pages = Files.readString(ROOT.resolve("site/pages.mjs"));
        assertThat(documents())
                .allSatisfy(document -> assertThat(pages)
                        .contains("'" + ROOT.relativize(document).toString().replace('\\', '/') + "'"));
    }
}
