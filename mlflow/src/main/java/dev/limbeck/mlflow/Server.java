package dev.limbeck.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.BoundedBody;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Call a server of MLflow. Source: MLflow's REST API, version 2.0, and its proxy for artifacts. Redirects are not followed, because
 * they would get the token.
 */
final class Server {
    private static final String API = "/api/2.0/mlflow/";
    private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts";
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    /** Answers to what is wrong with a request and stays so: bad request, too large, unprocessable. */
    private static final Set<Integer> WRONG = Set.of(400, 413, 422);

    private static final int LONGEST_WORDS = 200;
    private static final int LARGEST_ANSWER = 1 << 20;
    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(3);
    static final Duration LONGEST_CALL = Duration.ofSeconds(5);
    private static final Duration LONGEST_UPLOAD = Duration.ofSeconds(30);
    private static final int SLOWEST_UPLOAD = 1_000_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Report that a request is refused for what it says. */
    static final class Refusal extends IOException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    private final URI address;
    private final @Nullable String authorization;
    private final HttpClient client;

    /**
     * Prepare calls; none is made.
     *
     * @param address such as {@code http://host:5000}, without a slash at its end
     * @param authorization value of the header of that name; null for none
     */
    Server(URI address, @Nullable String authorization) {
        this.address = address;
        this.authorization = authorization;
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(LONGEST_CONNECT)
                .build();
    }

    /**
     * Return the authorization that MLflow's own clients take from the same variables.
     *
     * @param environment variables by name
     */
    static @Nullable String authorization(Map<String, String> environment) {
        String user = environment.get("MLFLOW_TRACKING_USERNAME");
        String token = environment.get("MLFLOW_TRACKING_TOKEN");
        if (user != null) {
            String both = user + ":" + environment.getOrDefault("MLFLOW_TRACKING_PASSWORD", "");
            return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
        }
        if (token == null || token.isBlank()) return null;
        if (!token.strip().matches("[\\x21-\\x7e]+")) {
            throw new LimbeckException(
                    "the variable MLFLOW_TRACKING_TOKEN must be one word of ASCII, found other characters; set the bare token");
        }
        return "Bearer " + token.strip();
    }

    /** Post a document and return the answer. */
    JsonNode post(String method, Object body) throws IOException {
        return post(method, body, LONGEST_CALL);
    }

    /** Post a document and return the answer, which must begin within a time. */
    JsonNode post(String method, Object body, Duration longest) throws IOException {
        HttpRequest.Builder request = request(API + method, longest)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
        return JSON.readTree(send(request, method, false));
    }

    /** Ask for something; null if the server does not know it. */
    @Nullable
    JsonNode find(String method, String parameter, String value) throws IOException {
        String query = "?" + parameter + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
        String answer = send(request(API + method + query, LONGEST_CALL).GET(), method, true);
        return answer == null ? null : JSON.readTree(answer);
    }

    /**
     * Upload a file, at 1 MB a second or faster.
     *
     * @param path below the root of the artifacts that the server passes on
     */
    void upload(String path, Path file) throws IOException {
        String escaped = Stream.of(path.split("/"))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
        Duration longest = LONGEST_UPLOAD.plusSeconds(Files.size(file) / SLOWEST_UPLOAD);
        HttpRequest.Builder request = request(ARTIFACTS + escaped, longest)
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofFile(file));
        send(request, "the upload of " + file.getFileName(), false);
    }

    private HttpRequest.Builder request(String path, Duration longest) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(address + path)).timeout(longest);
        return authorization == null ? request : request.header("Authorization", authorization);
    }

    private @Nullable String send(HttpRequest.Builder builder, String what, boolean mayLack) throws IOException {
        HttpRequest request = builder.build();
        HttpResponse<byte[]> answer = wait(request, request.timeout().orElse(LONGEST_CALL));
        String body = new String(answer.body(), StandardCharsets.UTF_8);
        if (answer.statusCode() == OK) return body;
        if (mayLack
                && answer.statusCode() == NOT_FOUND
                && field(body, "error_code").equals("RESOURCE_DOES_NOT_EXIST")) {
            return null;
        }
        String said = "it answers " + answer.statusCode() + " to " + what + words(body);
        throw WRONG.contains(answer.statusCode()) ? new Refusal(said) : new IOException(said);
    }

    /** Wait for the whole answer: the time of a request is over when its body begins. */
    private HttpResponse<byte[]> wait(HttpRequest request, Duration longest) throws IOException {
        CompletableFuture<HttpResponse<byte[]>> coming =
                client.sendAsync(request, BoundedBody.upTo(LARGEST_ANSWER, () -> {}));
        try {
            return coming.get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            coming.cancel(true);
            throw new IOException("no answer within " + longest.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            coming.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause != null && BoundedBody.isTooLong(cause)) {
                throw new IOException("its answer is longer than " + LARGEST_ANSWER + " bytes", e);
            }
            if (cause instanceof ConnectException || cause instanceof HttpTimeoutException) {
                throw new IOException("no connection", e);
            }
            throw new IOException(Printable.line(String.valueOf(cause == null ? e : cause.getMessage())), e);
        }
    }

    private static String words(String body) {
        String message = field(body, "message");
        if (message.length() > LONGEST_WORDS) message = message.substring(0, LONGEST_WORDS) + "…";
        return message.isEmpty() ? "" : ": " + Printable.line(message);
    }

    private static String field(String body, String name) {
        try {
            return JSON.readTree(body).path(name).asText();
        } catch (JsonProcessingException e) {
            return "";
        }
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
