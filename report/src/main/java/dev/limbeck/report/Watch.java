package dev.limbeck.report;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.Checksum;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serve live pages of a run or a folder of runs to browsers on this machine. A page asks for its data every second, and each answer is
 * read from the files anew; nothing is written or locked. Only names of runs that were found are served, never other files.
 */
public final class Watch implements AutoCloseable {
    private static final int OK = 200;
    private static final int NOT_MODIFIED = 304;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int FAILED = 500;
    private static final int THREADS = 4;
    private static final String RUN = "/run/";
    private static final String DATA = "data";

    /** A page of another site, whose name was made to lead here, must not read the answers. */
    private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    private static final String POLICY =
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'";

    private final Path place;
    private final boolean isRun;
    private final HttpServer server;
    private final ExecutorService threads;

    private Watch(Path place, boolean isRun, HttpServer server) {
        this.place = place;
        this.isRun = isRun;
        this.server = server;
        threads = Executors.newFixedThreadPool(THREADS, work -> {
            Thread thread = new Thread(work, "limbeck-watch");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /**
     * Start to serve on the loopback address.
     *
     * @param place a run, complete or not, or a folder that holds runs, or will
     * @param port from 0 to 65535; 0 for a free one
     * @throws LimbeckException if the place does not exist, or the port is taken
     */
    public static Watch start(Path place, int port) {
        boolean isRun = FoundRun.at(place).isPresent();
        if (!isRun && !Files.isDirectory(place)) {
            throw new LimbeckException(place + " is neither a run nor a folder; give a run, or a folder with runs");
        }
        try {
            return new Watch(
                    place, isRun, HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0));
        } catch (BindException e) {
            throw new LimbeckException(
                    "port " + port + " is taken or not allowed (" + e.getMessage()
                            + "); choose another --port, or 0 for a free one",
                    e);
        } catch (IOException e) {
            throw new LimbeckException("cannot serve on port " + port + ": " + e.getMessage(), e);
        }
    }

    /** Return the address of the first page. */
    public String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    private void answer(HttpExchange call) throws IOException {
        try (call) {
            try {
                respond(call);
            } catch (LimbeckException e) {
                send(call, FAILED, "text/plain", LimbeckException.briefly(e));
            }
        }
    }

    private void respond(HttpExchange call) throws IOException {
        String host = String.valueOf(call.getRequestHeaders().getFirst("Host")).replaceFirst(":\\d+$", "");
        if (!OWN_NAMES.contains(host)) {
            send(call, FORBIDDEN, "text/plain", "expected the host 127.0.0.1 or localhost; open " + address());
            return;
        }
        if (!call.getRequestMethod().equals("GET")) {
            send(call, NOT_ALLOWED, "text/plain", "expected GET");
            return;
        }
        String path = call.getRequestURI().getPath();
        boolean wantsData = DATA.equals(call.getRequestURI().getQuery());
        if (path.equals("/") && !isRun) {
            FoundRun.Search found = FoundRun.below(place);
            if (wantsData) json(call, RunsReport.page(place, found, run -> RUN.substring(1) + run.name(), false));
            else html(call, "runs");
            return;
        }
        Optional<FoundRun> run = isRun
                ? FoundRun.at(place).filter(one -> path.equals("/"))
                : FoundRun.below(place).runs().stream()
                        .filter(one -> path.equals(RUN + one.name()))
                        .findFirst();
        if (run.isEmpty()) {
            send(call, NOT_FOUND, "text/plain", "this run does not exist, or was deleted; open " + address());
        } else if (wantsData) {
            json(call, RunReader.page(run.get(), !isRun));
        } else {
            html(call, "run");
        }
    }

    private static void html(HttpExchange call, String name) throws IOException {
        call.getResponseHeaders().add("Content-Security-Policy", POLICY);
        send(call, OK, "text/html", Html.page(name, null));
    }

    private static void json(HttpExchange call, Object data) throws IOException {
        send(call, OK, "application/json", Html.json(data));
    }

    private static void send(HttpExchange call, int status, String type, String text) throws IOException {
        String content = type.equals("text/plain") ? Printable.line(text) + "\n" : text;
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        String tag = '"' + Checksum.sha256Of(content).substring(0, 16) + '"';
        call.getResponseHeaders().add("Content-Type", type + "; charset=utf-8");
        call.getResponseHeaders().add("Cache-Control", "no-cache");
        call.getResponseHeaders().add("X-Content-Type-Options", "nosniff");
        call.getResponseHeaders().add("ETag", tag);
        if (status == OK && tag.equals(call.getRequestHeaders().getFirst("If-None-Match"))) {
            call.sendResponseHeaders(NOT_MODIFIED, -1);
            return;
        }
        call.sendResponseHeaders(status, bytes.length);
        call.getResponseBody().write(bytes);
    }

    /** Stop serving at once. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
