package dev.limbeck.bench;

import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.Download;
import dev.limbeck.io.Downloads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.apache.commons.codec.digest.DigestUtils;

/** Download a file of random bytes from a server in this process, as built-in data sets and weights are downloaded. */
public final class ServedDownload {
    private ServedDownload() {}

    /** Run the download; options are {@code --folder --bytes}. Reports an error in a line, with exit code 1. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("folder", "", "bytes", "300000"), arguments);
        byte[] content = new byte[options.number("bytes")];
        new Random(0).nextBytes(content);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, content.length);
                exchange.getResponseBody().write(content);
            }
        });
        server.start();
        URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/file");
        Download download = new Download(address, "file", Checksum.sha256(DigestUtils.sha256Hex(content)));
        try {
            System.out.println(new Downloads(Path.of(options.text("folder"))).fetch(download));
        } catch (LimbeckException e) {
            System.err.println("limbeck: " + e.getMessage());
            System.exit(1);
        } finally {
            server.stop(0);
        }
    }
}
