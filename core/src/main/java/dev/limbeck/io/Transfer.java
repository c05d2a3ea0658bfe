package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Download one URL to a partial file, and continue after its existing bytes. */
final class Transfer {
    private static final Duration CONNECT = Duration.ofSeconds(20);
    private static final int CHUNK = 1 << 16;

    /** Minimum rate in bytes per second, averaged over the patience; a slower transfer counts as stalled. */
    private static final long LEAST_RATE = 256;

    private static final Pattern TAG = Pattern.compile("\"[\\x21\\x23-\\x7e]{0,256}\"");
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int RANGE_NOT_SATISFIABLE = 416;

    private final Duration patience;

    Transfer(Duration patience) {
        this.patience = patience;
    }

    /** Complete the partial file. It stays for the next attempt if the connection breaks. */
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
            // A response with the whole file means that the server does not support ranges, or that the file has
            // changed.
            if (response.statusCode() == OK) have = 0;
            try (InputStream body = response.body()) {
                if (response.statusCode() != OK && response.statusCode() != PARTIAL) {
                    throw failed(download, target, "the server answered " + response.statusCode(), null);
                }
                refuseOdd(download, target, response, have);
                keepTag(response, part);
                store(download, target, response, body, part, have, progress);
            }
        } catch (StalledException e) {
            throw failed(download, target, "next to nothing arrived for " + patience.toSeconds() + " s", e);
        } catch (DiskException e) {
            throw IoErrors.writing(part, e.cause);
        } catch (IOException e) {
            throw failed(download, target, reason(e), e);
        } catch (IllegalArgumentException e) {
            // The client's way to reject a response, such as an invalid redirect.
            throw failed(download, target, "the server's answer is not HTTP that can be used", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(download, target, "it was interrupted", e);
        }
    }

    /** Delete a partial file and its metadata. */
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
            // The server then sends the whole file if it has changed.
            String tag = Files.exists(tag(part)) ? Files.readString(tag(part), StandardCharsets.ISO_8859_1) : "";
            if (TAG.matcher(tag).matches()) request.header("If-Range", tag);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    /** Return whether a response continues the existing bytes, or is an error to report. */
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

    /** Reject a response that cannot be the file, before any byte is saved. */
    private static void refuseOdd(Download download, Path target, HttpResponse<?> response, long have) {
        if (response.statusCode() == PARTIAL && have == 0) {
            throw failed(download, target, "the server sent a part, but the whole file was requested", null);
        }
        String coding = response.headers().firstValue("Content-Encoding").orElse("identity");
        if (!coding.equalsIgnoreCase("identity")) {
            String shown = IoErrors.printable(coding);
            throw failed(download, target, "the server sent it as " + shown + ", which was not requested", null);
        }
        length(download, target, response, have);
    }

    /** Return the length that a response declares, or −1 if none. Impossible lengths are rejected. */
    private static long length(Download download, Path target, HttpResponse<?> response, long have) {
        String claimed = response.headers().firstValue("Content-Length").orElse("");
        if (claimed.isEmpty()) return -1;
        if (!claimed.matches("[0-9]{1,18}")) {
            String shown = IoErrors.printable(claimed);
            throw failed(download, target, "the server claims a length of " + shown + " bytes", null);
        }
        long length = Long.parseLong(claimed);
        if (have + length > download.mostBytes()) throw tooLong(download, target);
        return length;
    }

    private static LimbeckException tooLong(Download download, Path target) {
        return failed(
                download,
                target,
                "the server sends more than the " + download.mostBytes() + " bytes that are allowed; nothing was saved",
                null);
    }

    private static void keepTag(HttpResponse<?> response, Path part) throws IOException {
        Optional<String> tag = response.headers()
                .firstValue("ETag")
                .filter(value -> TAG.matcher(value).matches());
        // A weak tag does not guarantee equal bytes and must not be sent with If-Range; an invalid one cannot be sent.
        if (tag.isPresent()) {
            AtomicFile.write(tag(part), tag.get());
        } else {
            Files.deleteIfExists(tag(part));
        }
    }

    private static Path tag(Path part) {
        return part.resolveSibling("." + part.getFileName() + ".etag");
    }

    private void store(
            Download download,
            Path target,
            HttpResponse<?> response,
            InputStream body,
            Path part,
            long have,
            Downloads.Progress progress)
            throws IOException {
        long length = length(download, target, response, have);
        long total = length < 0 ? -1 : have + length;
        AtomicLong heard = new AtomicLong();
        AtomicBoolean stalled = new AtomicBoolean();
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "limbeck-download-watch");
            thread.setDaemon(true);
            return thread;
        });
        // The client has no timeout after the headers have arrived. Closing the body ends a blocked read.
        long step = Math.max(1, patience.toMillis());
        // Otherwise a server that sends a byte now and then would never time out.
        long least = LEAST_RATE * Math.max(1, patience.toSeconds());
        watch.scheduleAtFixedRate(
                () -> {
                    if (heard.getAndSet(0) >= least) return;
                    stalled.set(true);
                    try {
                        body.close();
                    } catch (IOException e) {
                        // The blocked read fails with it.
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
                heard.addAndGet(count);
                if (received + count > download.mostBytes()) {
                    file.close();
                    forget(part);
                    throw tooLong(download, target);
                }
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
        if (e instanceof ProtocolException) return "the server's answer is not HTTP that can be used";
        if (e instanceof HttpTimeoutException) return "the server did not answer in time";
        if (e instanceof ConnectException) {
            return e.getCause() != null && e.getCause().getCause() instanceof UnresolvedAddressException
                            || e.getCause() instanceof UnresolvedAddressException
                    ? "the name of the server is not known; is there a network"
                    : "no connection to the server";
        }
        return "the connection broke; the received part is saved and the next attempt continues from there";
    }

    private static LimbeckException failed(Download download, Path target, String why, @Nullable Exception cause) {
        return new LimbeckException(
                download.address() + " could not be downloaded (" + why + "); try again, or put the file by hand at "
                        + target,
                cause);
    }

    /** The server sent no data in time. */
    private static final class StalledException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** The disk failed, not the network. */
    private static final class DiskException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException cause;

        DiskException(IOException cause) {
            super(cause);
            this.cause = cause;
        }
    }
}
