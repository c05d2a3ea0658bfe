package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Receive one address into a partial file, going on behind the bytes that are there already. */
final class Transfer {
    private static final Duration CONNECT = Duration.ofSeconds(20);
    private static final int CHUNK = 1 << 16;
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int RANGE_NOT_SATISFIABLE = 416;

    private final Duration patience;

    Transfer(Duration patience) {
        this.patience = patience;
    }

    /** Complete the partial file; it stays for the next attempt when the connection breaks. */
    void receive(Download download, Path target, Path part, Downloads.Progress progress) {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        try {
            long have = Files.exists(part) ? Files.size(part) : 0;
            HttpResponse<InputStream> response = ask(client, download, part, have);
            if (have > 0 && !continues(response, have)) {
                response.body().close();
                if (isComplete(response, have)) return;
                forget(part);
                response = ask(client, download, part, 0);
            }
            // An answer of the whole file means that ranges are unknown there, or that the file has changed.
            if (response.statusCode() == OK) have = 0;
            try (InputStream body = response.body()) {
                if (response.statusCode() != OK && response.statusCode() != PARTIAL) {
                    throw failed(download, target, "the server answered " + response.statusCode(), null);
                }
                keepTag(response, part);
                store(response, body, part, have, progress);
            }
        } catch (StalledException e) {
            throw failed(download, target, "nothing arrived for " + patience.toSeconds() + " s", e);
        } catch (DiskException e) {
            throw FileTrouble.writing(part, e.cause);
        } catch (IOException e) {
            throw failed(download, target, reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(download, target, "it was interrupted", e);
        }
    }

    /** Delete a partial file and what is known of it. */
    void forget(Path part) throws IOException {
        Files.deleteIfExists(part);
        Files.deleteIfExists(tag(part));
    }

    private HttpResponse<InputStream> ask(HttpClient client, Download download, Path part, long have)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(download.address()).timeout(patience).GET();
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
            // The server then sends the whole file if it changed in between.
            if (Files.exists(tag(part))) request.header("If-Range", Files.readString(tag(part)));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    /** Tell whether an answer can be used behind the bytes that are there; an error can, to be reported. */
    private static boolean continues(HttpResponse<?> response, long have) {
        if (response.statusCode() == RANGE_NOT_SATISFIABLE) return false;
        return response.statusCode() != PARTIAL || contentRange(response).startsWith("bytes " + have + "-");
    }

    private static boolean isComplete(HttpResponse<?> response, long have) {
        return response.statusCode() == RANGE_NOT_SATISFIABLE
                && contentRange(response).equals("bytes */" + have);
    }

    private static String contentRange(HttpResponse<?> response) {
        return response.headers().firstValue("Content-Range").orElse("");
    }

    private static void keepTag(HttpResponse<?> response, Path part) throws IOException {
        Optional<String> tag = response.headers().firstValue("ETag").filter(value -> value.startsWith("\""));
        // A weak tag does not promise equal bytes and may not be sent with If-Range.
        if (tag.isPresent()) {
            Files.writeString(tag(part), tag.get());
        } else {
            Files.deleteIfExists(tag(part));
        }
    }

    private static Path tag(Path part) {
        return part.resolveSibling("." + part.getFileName() + ".etag");
    }

    private void store(HttpResponse<?> response, InputStream body, Path part, long have, Downloads.Progress progress)
            throws IOException {
        long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
        long total = length < 0 ? -1 : have + length;
        AtomicLong lastHeard = new AtomicLong(System.nanoTime());
        AtomicBoolean stalled = new AtomicBoolean();
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "limbeck-download-watch");
            thread.setDaemon(true);
            return thread;
        });
        // The client has no time limit of its own once headers have arrived; closing the body ends a read that hangs.
        long step = Math.max(1, patience.toMillis() / 4);
        watch.scheduleWithFixedDelay(
                () -> {
                    if (System.nanoTime() - lastHeard.get() < patience.toNanos()) return;
                    stalled.set(true);
                    try {
                        body.close();
                    } catch (IOException e) {
                        // The read that hangs fails with it.
                    }
                },
                step,
                step,
                TimeUnit.MILLISECONDS);
        try (FileChannel file = openPart(part, have)) {
            byte[] chunk = new byte[CHUNK];
            long received = have;
            progress.received(received, total);
            for (int count = body.read(chunk); count >= 0; count = body.read(chunk)) {
                lastHeard.set(System.nanoTime());
                append(file, ByteBuffer.wrap(chunk, 0, count));
                received += count;
                progress.received(received, total);
            }
            if (stalled.get()) throw new StalledException();
            if (total >= 0 && received != total) throw new IOException("closed");
        } catch (DiskException e) {
            throw e;
        } catch (IOException e) {
            throw stalled.get() ? new StalledException() : e;
        } finally {
            watch.shutdownNow();
        }
    }

    private static FileChannel openPart(Path part, long have) throws DiskException {
        try {
            FileChannel file = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            file.truncate(have).position(have);
            return file;
        } catch (IOException e) {
            throw new DiskException(e);
        }
    }

    private static void append(FileChannel file, ByteBuffer bytes) throws DiskException {
        try {
            while (bytes.hasRemaining()) file.write(bytes);
        } catch (IOException e) {
            throw new DiskException(e);
        }
    }

    private static String reason(IOException e) {
        if (e instanceof HttpConnectTimeoutException) return "no connection within " + CONNECT.toSeconds() + " s";
        if (e instanceof HttpTimeoutException) return "the server did not answer in time";
        if (e instanceof ConnectException) {
            return e.getCause() != null && e.getCause().getCause() instanceof UnresolvedAddressException
                            || e.getCause() instanceof UnresolvedAddressException
                    ? "the name of the server is not known; is there a network"
                    : "no connection to the server";
        }
        return "the connection broke; what has arrived is kept and the next attempt goes on from there";
    }

    private static LimbeckException failed(Download download, Path target, String why, @Nullable Exception cause) {
        return new LimbeckException(
                download.address() + " could not be fetched (" + why + "); try again, or put the file by hand at "
                        + target,
                cause);
    }

    /** The server went silent. */
    private static final class StalledException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** The disk, not the network, is the trouble. */
    private static final class DiskException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException cause;

        DiskException(IOException cause) {
            super(cause);
            this.cause = cause;
        }
    }
}
