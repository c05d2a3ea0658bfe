package dev.limbeck.distill.served;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.Printable;
import dev.limbeck.distill.teacher.AnswerException;
import dev.limbeck.io.BoundedBody;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Send requests to one server over HTTP/1.1, and try again where waiting may help. Used by any number of threads. */
final class Connection {
    /** The environment variable with a bearer token. */
    static final String TOKEN = "LIMBECK_TEACHER_TOKEN";

    static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int REDIRECTS = 300;
    private static final int CLIENT_ERRORS = 400;
    /** Too many requests, and what proxies and servers answer while a model starts. */
    private static final Set<Integer> BUSY = Set.of(429, 502, 503, 504);

    /** What servers answer while they or their models start; some say it is a bad request. */
    private static final Set<Integer> NOT_READY = Set.of(400, 429, 502, 503, 504);

    /** Servers that do not tell whether they are ready. */
    private static final Set<Integer> SILENT = Set.of(404, 405, 501);

    /** Answers that break off may come from a server that restarts, or from one that is wrong. */
    private static final int MOST_CUT = 3;

    private static final String HEADER_LENGTH = "Inference-Header-Content-Length";
    private static final int LONGEST_WORDS = 1 << 12;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Say how long to wait.
     *
     * @param whole for an answer, with all attempts; null for any time
     * @param first for the first sign of the server
     * @param pause before the second attempt; it doubles
     * @param longestPause between attempts
     */
    record Timing(@Nullable Duration whole, Duration first, Duration pause, Duration longestPause) {
        static Timing of(@Nullable Duration whole) {
            return new Timing(whole, Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofSeconds(5));
        }
    }

    /**
     * Hold an answer.
     *
     * @param jsonLength bytes of JSON at the start of the body
     */
    record Reply(int status, byte[] body, int jsonLength) {}

    private final HttpClient client;
    private final String place;
    private final Timing timing;
    private final @Nullable String token;
    private final Consumer<String> log;
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile boolean heard;

    /**
     * Prepare requests; none is sent.
     *
     * @param place the model's address, for messages
     * @param token sent to the server as a bearer token; null for none
     */
    Connection(String place, Timing timing, @Nullable String token, Consumer<String> log) {
        this.place = place;
        this.timing = timing;
        this.token = token == null || token.isBlank() ? null : token.strip();
        this.log = log;
        if (this.token != null && !this.token.matches("[\\x21-\\x7e]+")) {
            throw new LimbeckException(
                    "the variable " + TOKEN + " must be one word of ASCII, found other characters; set the bare token");
        }
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timing.first)
                .build();
    }

    /** Ask for something. The status is {@link #OK}, or an error of the request that {@link #refused} explains. */
    Reply get(URI address) {
        return exchange(HttpRequest.newBuilder(address).GET(), BUSY);
    }

    /**
     * Wait until a server or a model says that it is ready. One that does not say it counts as ready.
     *
     * @throws AnswerException if it does not in time
     */
    void requireReady(URI address) {
        Reply reply = exchange(HttpRequest.newBuilder(address).GET(), NOT_READY);
        if (reply.status != OK && !SILENT.contains(reply.status))
            throw new AnswerException(refused(reply) + "; check the server");
    }

    /** Send a request for outputs. */
    Reply post(URI address, Request request) {
        byte[] json = request.json();
        HttpRequest.Builder builder = HttpRequest.newBuilder(address);
        if (request.binary().isEmpty()) {
            builder.header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(json));
        } else {
            BodyPublisher[] parts = Stream.concat(Stream.of(json), request.binary().stream())
                    .map(BodyPublishers::ofByteArray)
                    .toArray(BodyPublisher[]::new);
            builder.header("Content-Type", "application/octet-stream")
                    .header(HEADER_LENGTH, String.valueOf(json.length))
                    .POST(BodyPublishers.concat(parts));
        }
        return exchange(builder, BUSY);
    }

    private Reply exchange(HttpRequest.Builder builder, Set<Integer> busy) {
        if (token != null) builder.header("Authorization", "Bearer " + token);
        long start = System.nanoTime();
        Duration pause = timing.pause;
        int cut = 0;
        for (int attempt = 1; ; attempt++) {
            String why;
            try {
                HttpResponse<byte[]> response = once(builder, start);
                heard = true;
                if (!busy.contains(response.statusCode())) {
                    if (waiting.getAndSet(false)) log.accept(place + " answers again");
                    return reply(response);
                }
                why = "it answered " + response.statusCode() + said(response.body());
            } catch (ConnectException | HttpConnectTimeoutException e) {
                why = isUnknown(e) ? "the name of the server is not known" : "no connection to the server";
            } catch (SSLException e) {
                throw new AnswerException(
                        place + " cannot be trusted or does not speak TLS ("
                                + Printable.quote(LimbeckException.briefly(e))
                                + "); check the address and the certificate",
                        e);
            } catch (ProtocolException e) {
                throw notHttp(e);
            } catch (IOException e) {
                if (BoundedBody.isTooLong(e)) {
                    throw new AnswerException(
                            place + " must answer with at most " + Limit.ANSWER_BYTES.value()
                                    + " bytes, found more; check the server, or raise the limit by LIMBECK_JAVA_OPTS=-D"
                                    + Limit.ANSWER_BYTES.property() + "=…",
                            e);
                }
                if (e instanceof CutException && ++cut == MOST_CUT) {
                    throw new AnswerException(
                            place + " must answer completely, found one that broke off " + cut + " times ("
                                    + Printable.quote(LimbeckException.briefly(e)) + "); check the server",
                            e);
                }
                why = "the connection broke";
            }
            pause = waited(pause, start, why, attempt);
        }
    }

    /** Wait before the next attempt. Return the pause after it. */
    private Duration waited(Duration pause, long start, String why, int attempt) {
        Duration most = most();
        Duration past = Duration.ofNanos(System.nanoTime() - start);
        double factor = 0.5 + ThreadLocalRandom.current().nextDouble();
        long millis = (long) (factor * pause.toMillis());
        if (most != null && past.plusMillis(millis).compareTo(most) > 0) throw late(most, why, null);
        // The first attempt also fails where the server has closed a connection that it was idle.
        if (heard && attempt > 1 && !waiting.getAndSet(true)) {
            log.accept(place + ": " + why + "; trying again"
                    + (most == null ? "" : " for " + seconds(most) + " s (--model-timeout)"));
        }
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(timing.longestPause) > 0 ? timing.longestPause : twice;
    }

    /** Return the longest time to wait now; null for any time. A server that was never heard of gets less. */
    private @Nullable Duration most() {
        if (heard || timing.whole != null && timing.whole.compareTo(timing.first) < 0) return timing.whole;
        return timing.first;
    }

    private HttpResponse<byte[]> once(HttpRequest.Builder builder, long start) throws IOException {
        Duration most = most();
        AtomicBoolean begun = new AtomicBoolean();
        CompletableFuture<HttpResponse<byte[]>> sent =
                client.sendAsync(builder.build(), BoundedBody.upTo(Limit.ANSWER_BYTES.value(), () -> begun.set(true)));
        try {
            if (most == null) return sent.get();
            return sent.get(Math.max(0, most.toNanos() - (System.nanoTime() - start)), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            sent.cancel(true);
            throw late(most == null ? Duration.ZERO : most, "there was no answer", e);
        } catch (InterruptedException e) {
            sent.cancel(true);
            throw interrupted(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                boolean isCut = begun.get() && !BoundedBody.isTooLong(failed);
                throw isCut ? new CutException(failed) : failed;
            }
            throw notHttp(e);
        }
    }

    /** The connection broke after the answer had begun. */
    private static final class CutException extends IOException {
        private static final long serialVersionUID = 1L;

        CutException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private AnswerException late(Duration most, String why, @Nullable Exception cause) {
        return new AnswerException(
                place + " must answer within " + seconds(most) + " s, found that " + why
                        + "; check the address and the server" + (heard ? ", or increase --model-timeout" : ""),
                cause);
    }

    private static String seconds(Duration time) {
        double seconds = time.toMillis() / 1e3;
        return seconds == Math.rint(seconds)
                ? String.valueOf((long) seconds)
                : String.format(Locale.ROOT, "%.1f", seconds);
    }

    private AnswerException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new AnswerException(place + " was asked, but the program was interrupted; run it again", e);
    }

    private AnswerException notHttp(Exception e) {
        return new AnswerException(place + " must answer with HTTP, found what is not; check the address", e);
    }

    private static boolean isUnknown(Throwable e) {
        Throwable cause = e.getCause();
        return cause instanceof UnresolvedAddressException
                || cause != null && cause.getCause() instanceof UnresolvedAddressException;
    }

    private Reply reply(HttpResponse<byte[]> response) {
        int status = response.statusCode();
        byte[] body = response.body();
        if (status >= REDIRECTS && status < CLIENT_ERRORS) {
            String target = response.headers().firstValue("Location").orElse("another address");
            throw new AnswerException(place + " must answer itself, found a redirect (" + status + ") to "
                    + Printable.quote(target) + "; name the address of the server");
        }
        if (status == UNAUTHORIZED || status == FORBIDDEN) {
            throw new AnswerException(place + " answered " + status + said(body) + "; set the variable " + TOKEN
                    + " to a bearer token" + (token == null ? "" : " that is valid"));
        }
        return new Reply(status, body, status == OK ? jsonLength(response) : body.length);
    }

    private int jsonLength(HttpResponse<byte[]> response) {
        String coding = response.headers().firstValue("Content-Encoding").orElse("identity");
        if (!coding.equalsIgnoreCase("identity")) {
            throw new AnswerException(
                    place + " must answer without compression, found " + Printable.quote(coding) + "; turn it off");
        }
        String type = response.headers().firstValue("Content-Type").orElse("");
        int length = response.body().length;
        String header = response.headers().firstValue(HEADER_LENGTH).orElse("");
        boolean json = type.isEmpty() || type.toLowerCase(Locale.ROOT).contains("json");
        if (length > 0
                && !json
                && (header.isEmpty() || !type.toLowerCase(Locale.ROOT).startsWith("application/"))) {
            throw new AnswerException(place + " must answer with JSON or tensors of the protocol, found "
                    + Printable.quote(type) + "; check the address");
        }
        if (header.isEmpty()) return length;
        if (header.matches("[0-9]{1,9}") && Integer.parseInt(header) <= length) return Integer.parseInt(header);
        throw new AnswerException(place + " must say how long the JSON of its answer is, at most " + length
                + " bytes, found " + Printable.quote(header) + "; check the server");
    }

    /** Explain an error status in the server's words. */
    String refused(Reply reply) {
        return place + " answered " + reply.status + said(reply.body);
    }

    /** Return the server's explanation, bounded and printable: {@code : TEXT}. */
    private static String said(byte[] body) {
        String text = new String(body, 0, Math.min(body.length, LONGEST_WORDS), StandardCharsets.UTF_8);
        for (String key : List.of("error", "detail", "message")) {
            try {
                JsonNode found = JSON.readTree(body).path(key);
                if (!found.isMissingNode()) {
                    text = found.isTextual() ? found.asText() : found.toString();
                    break;
                }
            } catch (IOException e) {
                break; // the text itself is shown
            }
        }
        String line = Printable.quote(text.strip().replaceAll("\\s+", " "));
        return line.isEmpty() ? "" : ": " + line;
    }
}
