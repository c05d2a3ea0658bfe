package dev.limbeck.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Serve a model over HTTP with the JDK's server. {@code POST /predict} with the bytes of a file returns JSON; {@code GET /health} tells
 * that the service runs. A bad file gets status 400 and its reason in one line, a large one 413. {@link #close} first
 * finishes the running requests; those that come meanwhile get 503.
 */
public final class HttpService implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_DRAIN_SECONDS = 30;
    private static final int ANSWERS = 4;

    static {
        // Else the head and the body of an answer are 40 ms apart. A client may take 30 s to send a request.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxReqTime", "30");
    }

    private final HttpServer server;
    /** Read the beginnings of requests, and answer what needs no model: /health does not wait for predictions. */
    private final ExecutorService answers = Executors.newFixedThreadPool(ANSWERS);

    private final ExecutorService predictions;
    private final int mostBytes;
    private final Function<byte[], ?> model;
    private int running;
    private boolean stopping;

    private HttpService(HttpServer server, int predictions, int mostBytes, Function<byte[], ?> model) {
        this.server = server;
        this.predictions = Executors.newFixedThreadPool(predictions);
        this.mostBytes = mostBytes;
        this.model = model;
    }

    /**
     * Start a service.
     *
     * @param port 0 for a free one
     * @param predictions number of predictions that run at a time; others wait
     * @param mostBytes size limit of a request
     * @param model returns what is sent as JSON; a {@link LimbeckException} is the client's fault
     */
    public static HttpService start(int port, int predictions, int mostBytes, Function<byte[], ?> model)
            throws IOException {
        HttpService service =
                new HttpService(HttpServer.create(new InetSocketAddress(port), 0), predictions, mostBytes, model);
        service.server.setExecutor(service.answers);
        service.server.createContext("/", service::dispatch);
        service.server.start();
        return service;
    }

    /** Return the port. */
    public int port() {
        return server.getAddress().getPort();
    }

    private synchronized boolean enter() {
        if (stopping) return false;
        running++;
        return true;
    }

    private synchronized void leave() {
        running--;
        notifyAll();
    }

    private void dispatch(HttpExchange exchange) throws IOException {
        if (isPrediction(exchange)) {
            predictions.execute(() -> {
                try {
                    handle(exchange);
                } catch (IOException e) {
                    // The client is gone.
                }
            });
        } else {
            handle(exchange);
        }
    }

    private static boolean isPrediction(HttpExchange exchange) {
        return exchange.getRequestURI().getPath().equals("/predict")
                && exchange.getRequestMethod().equals("POST");
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!enter()) {
                reply(exchange, 503, error("the service is stopping"));
                return;
            }
            try {
                answer(exchange);
            } finally {
                leave();
            }
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        if (path.equals("/health") && method.equals("GET")) {
            reply(exchange, 200, Map.of("status", "ok"));
        } else if (!path.equals("/predict")) {
            reply(exchange, 404, error("expected POST /predict or GET /health, found " + method + " " + path));
        } else if (!method.equals("POST")) {
            reply(exchange, 405, error("expected POST with the bytes of a file, found " + method));
        } else {
            byte[] body = exchange.getRequestBody().readNBytes(mostBytes + 1);
            if (body.length > mostBytes) {
                reply(exchange, 413, error("expected at most " + mostBytes + " bytes; send a smaller file"));
            } else {
                predict(exchange, body);
            }
        }
    }

    private void predict(HttpExchange exchange, byte[] body) throws IOException {
        Object answer;
        int status = 200;
        try {
            answer = model.apply(body);
        } catch (LimbeckException e) {
            status = 400;
            answer = error(e.getMessage());
        } catch (RuntimeException | Error e) {
            System.err.println("a request failed: " + e);
            status = 500;
            answer = error("the service failed; see its log");
        }
        reply(exchange, status, answer);
    }

    private static Map<String, String> error(String line) {
        return Map.of("error", line);
    }

    private void reply(HttpExchange exchange, int status, Object answer) throws IOException {
        byte[] json = JSON.writeValueAsBytes(answer);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (status == 413 || status == 503) exchange.getResponseHeaders().set("Connection", "close");
        exchange.sendResponseHeaders(status, json.length);
        // Closed here: before that, bytes may wait in a buffer, which a stopping service would drop.
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(json);
        }
    }

    /** Finish the running requests, for at most 30 seconds, and stop. */
    @Override
    public void close() {
        synchronized (this) {
            stopping = true;
            long last = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_DRAIN_SECONDS);
            try {
                while (running > 0 && System.nanoTime() < last) wait(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        server.stop(0);
        answers.shutdownNow();
        predictions.shutdownNow();
    }
}
