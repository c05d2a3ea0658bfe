package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadsTest {
    private static final int SIZE = 300_000;
    private static final int CUT = 100_000;

    @TempDir
    Path folder;

    private final byte[] content = new byte[SIZE];
    private final List<String> ranges = new ArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private String tag = "\"v1\"";
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        new Random(1).nextBytes(content);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        handle("/whole", exchange -> send(exchange, 200, content, 0, content.length));
        handle("/cut", exchange -> answerRange(exchange, true));
        handle("/ranges", exchange -> answerRange(exchange, false));
        handle("/wrong-range", exchange -> {
            boolean asked = exchange.getRequestHeaders().containsKey("Range");
            if (asked) exchange.getResponseHeaders().set("Content-Range", "bytes 5-" + (SIZE - 1) + "/" + SIZE);
            send(exchange, asked ? 206 : 200, content, asked ? 5 : 0, SIZE);
        });
        handle("/complete", exchange -> {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + SIZE);
            exchange.sendResponseHeaders(416, -1);
        });
        handle("/moved", exchange -> {
            exchange.getResponseHeaders().set("Location", "/whole");
            exchange.sendResponseHeaders(302, -1);
        });
        handle("/silent", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(content, 0, CUT);
            exchange.getResponseBody().flush();
            try {
                Thread.sleep(5_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    private void handle(String path, Answer answer) {
        server.createContext(path, exchange -> {
            try (exchange) {
                requests.incrementAndGet();
                ranges.add(String.valueOf(exchange.getRequestHeaders().getFirst("Range")));
                answer.to(exchange);
            }
        });
    }

    /** Support Range unless If-Range names another version; cut off the first full response if {@code cut} is set. */
    private void answerRange(HttpExchange exchange, boolean cut) throws IOException {
        exchange.getResponseHeaders().set("ETag", tag);
        String range = exchange.getRequestHeaders().getFirst("Range");
        String version = exchange.getRequestHeaders().getFirst("If-Range");
        if (range == null || (version != null && !version.equals(tag))) {
            send(exchange, 200, content, 0, cut && range == null ? CUT : SIZE);
            return;
        }
        int from = Integer.parseInt(range.replaceAll("\\D", ""));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (SIZE - 1) + "/" + SIZE);
        send(exchange, 206, content, from, SIZE);
    }

    private static void send(HttpExchange exchange, int status, byte[] bytes, int from, int to) throws IOException {
        exchange.sendResponseHeaders(status, bytes.length - from);
        exchange.getResponseBody().write(bytes, from, to - from);
        exchange.getResponseBody().flush();
    }

    private URI address(String path) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + path);
    }

    private Download download(String path) {
        return new Download(address(path), "file.bin", Checksum.sha256(digest("SHA-256")));
    }

    private String digest(String algorithm) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> visibleFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void fetchesAWholeFileAndReportsProgress() throws IOException {
        List<Long> received = new ArrayList<>();
        Path file = new Downloads(folder.resolve("deep/cache")).fetch(download("/whole"), (bytes, total) -> {
            received.add(bytes);
            assertThat(total).isEqualTo(SIZE);
        });
        assertThat(file).isEqualTo(folder.resolve("deep/cache/file.bin")).hasBinaryContent(content);
        assertThat(received).isSorted().startsWith(0L).endsWith((long) SIZE);
        new Downloads(folder.resolve("deep/cache")).fetch(download("/whole"));
        assertThat(requests).hasValue(1);
    }

    @Test
    void acceptsEveryKindOfChecksumAndFollowsRedirects() {
        List<Checksum> sums = List.of(
                Checksum.md5(digest("MD5")),
                Checksum.sha256(digest("SHA-256").toUpperCase(Locale.ROOT)),
                Checksum.sha256Prefix(digest("SHA-256").substring(0, 8)));
        for (Checksum sum : sums) {
            String name = sum.kind() + ".bin";
            assertThat(new Downloads(folder).fetch(new Download(address("/moved"), name, sum)))
                    .hasBinaryContent(content);
        }
    }

    @Test
    void goesOnWhereTheConnectionBroke() throws IOException {
        Downloads downloads = new Downloads(folder);
        assertThatThrownBy(() -> downloads.fetch(download("/cut")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(address("/cut").toString())
                .hasMessageContaining("the connection broke")
                .hasMessageContaining(folder.resolve("file.bin").toString());
        assertThat(visibleFiles()).containsExactly("file.bin.part");
        long kept = Files.size(folder.resolve("file.bin.part"));
        assertThat(kept).isBetween(1L, (long) CUT);
        List<Long> received = new ArrayList<>();
        Path file = downloads.fetch(download("/cut"), (bytes, total) -> received.add(bytes));
        assertThat(file).hasBinaryContent(content);
        assertThat(ranges).containsExactly("null", "bytes=" + kept + "-");
        assertThat(received).startsWith(kept).endsWith((long) SIZE);
        assertThat(visibleFiles()).containsExactly("file.bin");
    }

    @Test
    void startsOverWhenTheFileChangedInBetween() {
        Downloads downloads = new Downloads(folder);
        assertThatThrownBy(() -> downloads.fetch(download("/cut"))).isInstanceOf(LimbeckException.class);
        tag = "\"v2\"";
        new Random(2).nextBytes(content);
        assertThat(downloads.fetch(download("/cut"))).hasBinaryContent(content);
    }

    @Test
    void startsOverWhenRangesAreIgnoredOrWrong() throws IOException {
        for (String path : List.of("/whole", "/wrong-range")) {
            Files.write(folder.resolve("file.bin.part"), new byte[CUT]);
            Path file = new Downloads(folder).fetch(download(path));
            assertThat(file).hasBinaryContent(content);
            Files.delete(file);
        }
        assertThat(ranges).containsExactly("bytes=100000-", "bytes=100000-", "null");
    }

    @Test
    void aPartThatIsCompleteIsUsed() throws IOException {
        Files.write(folder.resolve("file.bin.part"), content);
        assertThat(new Downloads(folder).fetch(download("/complete"))).hasBinaryContent(content);
        Files.delete(folder.resolve("file.bin"));
        Files.write(folder.resolve("file.bin.part"), Arrays.copyOf(content, CUT));
        assertThat(new Downloads(folder).fetch(download("/ranges"))).hasBinaryContent(content);
    }

    @Test
    void aWrongChecksumKeepsNothing() throws IOException {
        Download wrong = new Download(address("/whole"), "file.bin", Checksum.md5("0".repeat(32)));
        assertThatThrownBy(() -> new Downloads(folder).fetch(wrong))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected MD5 " + "0".repeat(32) + ", found " + digest("MD5"));
        assertThat(visibleFiles()).isEmpty();
    }

    @Test
    void saysWhereToPutTheFileByHand() throws IOException {
        String target = folder.resolve("file.bin").toString();
        assertFails(download("/nothing-here"), "the server answered 404", target);
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        Checksum sum = Checksum.sha256(digest("SHA-256"));
        URI refused = URI.create("http://localhost:" + free + "/x");
        assertFails(new Download(refused, "file.bin", sum), "no connection to the server", target);
        URI unknown = URI.create("http://name.invalid/x");
        assertFails(new Download(unknown, "file.bin", sum), "name.invalid", target);
        assertThat(visibleFiles()).isEmpty();
        Files.write(folder.resolve("file.bin"), content);
        assertThat(new Downloads(folder).fetch(download("/nothing-here"))).hasBinaryContent(content);
    }

    private void assertFails(Download download, String why, String target) {
        assertThatThrownBy(() -> new Downloads(folder).fetch(download))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(download.address().toString())
                .hasMessageContaining(why)
                .hasMessageEndingWith("put the file by hand at " + target)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void givesUpOnASilentServerAndKeepsThePart() throws IOException {
        Downloads impatient = new Downloads(folder, Duration.ofMillis(500));
        assertThatThrownBy(() -> impatient.fetch(download("/silent")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("nothing arrived for");
        assertThat(Files.size(folder.resolve("file.bin.part"))).isEqualTo(CUT);
    }

    @Test
    void aFileThatIsThereIsCheckedOnceAndAgainWhenItChanged() throws IOException {
        Path file = Files.write(folder.resolve("file.bin"), content);
        Downloads downloads = new Downloads(folder);
        assertThat(downloads.fetch(download("/whole"))).isEqualTo(file);
        assertThat(requests).hasValue(0);
        // With the same size and time, the file is not read again, which keeps the check cheap.
        FileTime time = Files.getLastModifiedTime(file);
        byte[] other = content.clone();
        other[0]++;
        Files.write(file, other);
        Files.setLastModifiedTime(file, time);
        assertThat(downloads.fetch(download("/whole"))).isEqualTo(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 5_000));
        assertThatThrownBy(() -> downloads.fetch(download("/whole")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining("delete it");
        assertThat(file).exists();
    }

    @Test
    void severalAtOnceFetchOnce() throws Exception {
        List<Future<Path>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(threads.submit(() -> new Downloads(folder).fetch(download("/whole"))));
        }
        for (Future<Path> one : all) assertThat(one.get()).hasBinaryContent(content);
        assertThat(requests).hasValue(1);
    }

    @Test
    void refusesOddNamesAddressesAndChecksums() {
        Checksum sum = Checksum.md5("0".repeat(32));
        URI good = URI.create("http://localhost/x");
        for (String name : List.of("", "../x", "a/b", ".hidden", "a\\b", "c:x")) {
            assertThatThrownBy(() -> new Download(good, name, sum)).isInstanceOf(LimbeckException.class);
        }
        assertThatThrownBy(() -> new Download(URI.create("file:///etc/passwd"), "x", sum))
                .isInstanceOf(LimbeckException.class);
        assertThatThrownBy(() -> Checksum.sha256("ab")).hasMessageContaining("64 hexadecimal digits");
        assertThatThrownBy(() -> Checksum.sha256Prefix("abc")).hasMessageContaining("8 to 64");
        assertThatThrownBy(() -> Checksum.md5("g".repeat(32))).isInstanceOf(LimbeckException.class);
    }

    @Test
    void theCacheFolderIsInTheHomeUnlessSaidOtherwise() {
        String home = System.getenv("LIMBECK_HOME");
        Path expected = home == null ? Path.of(System.getProperty("user.home"), ".cache", "limbeck") : Path.of(home);
        assertThat(Downloads.cacheFolder()).isEqualTo(expected);
    }
}
