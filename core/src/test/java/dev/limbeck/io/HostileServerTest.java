package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Download from a server that sends arbitrary bytes. */
@Timeout(240)
class HostileServerTest {
    private static final int SIZE = 50_000;

    @TempDir
    Path folder;

    private final byte[] content = new byte[SIZE];
    private ServerSocket server;
    private volatile String head = "";
    /** Body after the head: whole, half, none, endless, or drops. */
    private volatile String body = "none";

    @BeforeEach
    void serve() throws IOException {
        new Random(3).nextBytes(content);
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread answering = new Thread(() -> answer(socket));
                    answering.setDaemon(true);
                    answering.start();
                } catch (IOException e) {
                    return;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private void answer(Socket socket) {
        try (socket;
                OutputStream out = socket.getOutputStream()) {
            byte[] request = new byte[8192];
            int read = socket.getInputStream().read(request);
            String asked = new String(request, 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
            String said = head.replace("\\r\\n", "\r\n");
            if (asked.contains("Range: bytes=")) {
                int from = Integer.parseInt(asked.replaceAll("(?s).*Range: bytes=(\\d+)-.*", "$1"));
                out.write(("HTTP/1.1 206 OK\r\nContent-Range: bytes " + from + "-" + (SIZE - 1) + "/" + SIZE
                                + "\r\nContent-Length: " + (SIZE - from) + "\r\n\r\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
                out.write(content, from, SIZE - from);
                return;
            }
            out.write((said + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            if (body.equals("whole")) out.write(content);
            if (body.equals("half")) out.write(content, 0, SIZE / 2);
            while (body.equals("endless")) out.write(content);
            while (body.equals("drops")) {
                out.write(1);
                out.flush();
                Thread.sleep(50);
            }
        } catch (IOException e) {
            // The client has disconnected.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Download download() {
        return new Download(
                URI.create("http://localhost:" + server.getLocalPort() + "/x"),
                "file.bin",
                Checksum.sha256(HexFormat.of().formatHex(sha256())),
                4L * SIZE);
    }

    private byte[] sha256() {
        try {
            return java.security.MessageDigest.getInstance("SHA-256").digest(content);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void fails(String why) {
        assertThatThrownBy(() -> new Downloads(folder, Duration.ofMillis(700)).fetch(download()))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(why)
                .hasMessageContaining("file.bin")
                .message()
                .doesNotContain("\n")
                .hasSizeLessThan(600);
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 200 OK\\r\\nContent-Length: 99999999999999999999    | half    | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nContent-Length: -5                      | half    | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 9000000000000000000     | half    | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 999999999               | half    | more than the 200000 bytes",
                "HTTP/1.1 200 OK\\r\\nContent-Length: many                    | half    | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: 50000 | whole | sent it as gzip",
                "HTTP/1.1 200 OK                                              | endless | more than the 200000 bytes",
                "HTTP/1.1 206 Partial\\r\\nContent-Range: bytes 5-104/200\\r\\nContent-Length: 100 | half | sent a part",
                "HTTP/1.1 302 Moved\\r\\nLocation: /x\\r\\nContent-Length: 0   | none    | could not be downloaded",
                "HTTP/1.1 302 Moved\\r\\nLocation: file:///etc/passwd\\r\\nContent-Length: 0 | none | could not be downloaded",
                "HTTP/1.1 302 Moved\\r\\nLocation: http://[bad\\r\\nContent-Length: 0 | none | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nFFFFFFFFFFFFFFFFF | whole | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n-5   | whole   | could not be downloaded",
                "HTTP/1.1 999999 OK                                           | none    | could not be downloaded",
                "HTTP/1.1 200 OK\\r\\nETag: a\u007fb\\r\\nContent-Length: 50000 | half | not HTTP that can be used",
                "nonsense                                                     | none    | could not be downloaded",
            })
    void saysInALineWhatIsWrongAndKeepsNothing(String said, String follows, String why) throws IOException {
        head = said.strip();
        body = follows.strip();
        fails(why.strip());
        assertThat(left()).isSubsetOf("file.bin.part");
        if (Files.exists(folder.resolve("file.bin.part")))
            assertThat(folder.resolve("file.bin.part")).isEmptyFile();
    }

    @Test
    void aServerThatSendsDropsIsGivenUp() {
        head = "HTTP/1.1 200 OK\r\nContent-Length: 50000";
        body = "drops";
        fails("next to nothing arrived");
    }

    @Test
    void aHeadThatNeverEndsIsGivenUp() {
        head = "HTTP/1.1 200 OK\r\nX: ";
        body = "drops";
        fails("could not be downloaded");
    }

    @ParameterizedTest
    @CsvSource({"'\"a b\"'", "'\"good\"'", "'\"a\"b\"'", "W/\"weak\""})
    void goesOnAfterABreakWhateverTheTag(String tag) throws IOException {
        head = "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\nETag: " + tag;
        body = "half";
        fails("the connection broke");
        assertThat(new Downloads(folder).fetch(download())).hasBinaryContent(content);
        assertThat(left()).containsExactly(".file.bin.checked", "file.bin");
    }

    @Test
    void aTruncatedChunkedBodyIsNotTakenForTheFile() throws IOException {
        head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nC350"; // 50,000 in hex
        body = "half";
        fails("could not be downloaded");
        assertThat(Arrays.asList("file.bin")).doesNotContainAnyElementsOf(left());
    }
}
