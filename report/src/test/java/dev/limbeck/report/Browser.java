package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Open pages in a browser without a window. A test that needs one is skipped where there is none. */
final class Browser {
    private static final List<String> PROGRAMS = List.of("chromium", "chromium-browser", "google-chrome");
    private static final int LONGEST_SECONDS = 60;

    private Browser() {}

    private static String program() {
        Optional<String> program = PROGRAMS.stream().filter(Browser::isThere).findFirst();
        assumeTrue(program.isPresent(), "no chromium here to open the page in");
        return program.get();
    }

    private static boolean isThere(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /**
     * Open an address and return what its scripts made of the page.
     *
     * @param home for the browser's own files
     */
    static String open(Path home, String address, String... flags) throws Exception {
        Path dom = home.resolve("dom.html");
        List<String> command = new ArrayList<>(
                List.of(program(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom"));
        command.addAll(List.of(flags));
        command.addAll(List.of("--user-data-dir=" + home.resolve("profile"), address));
        Process process = new ProcessBuilder(command)
                .redirectOutput(dom.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS))
                .as("the browser ends")
                .isTrue();
        return Files.readString(dom, StandardCharsets.UTF_8);
    }

    /** Expect that a page is no wider than a phone, after a script of the test has run in it. */
    static String openOnAPhone(Path home, String page, String script) throws Exception {
        // A browser window has a minimum width; a frame does not.
        Files.writeString(home.resolve("framed.html"), page.replace("</body>", """
                <script>
                  document.querySelectorAll('details').forEach(each => { each.open = true; });
                  const result = (() => { %s })();
                  parent.postMessage(document.documentElement.scrollWidth + ' of ' + window.innerWidth + ', ' + result, '*');
                </script></body>""".formatted(script)));
        Path phone = Files.writeString(home.resolve("phone.html"), """
                <!doctype html><body><script>
                  window.addEventListener('message', said => { document.body.dataset.said = said.data; });
                </script><iframe src="framed.html" width="390" height="800" style="border: 0"></iframe></body>""");
        return open(home, phone.toUri().toString(), "--virtual-time-budget=5000");
    }
}
