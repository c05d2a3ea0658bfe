package dev.limbeck.io;

import java.io.IOException;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Receive the body of an HTTP answer into memory, up to a limit. */
public final class BoundedBody implements BodySubscriber<byte[]> {
    private final BodySubscriber<byte[]> all = BodySubscribers.ofByteArray();
    private final long most;
    private final boolean refused;
    private Flow.@Nullable Subscription subscription;
    private long received;
    private boolean over;

    private BoundedBody(long most, boolean refused) {
        this.most = most;
        this.refused = refused;
    }

    /** Report a body that exceeds the limit. */
    private static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** Return whether a request failed because the body of its answer exceeded the limit. */
    public static boolean isTooLong(Throwable failure) {
        return failure instanceof TooLongException;
    }

    /**
     * Refuse longer bodies, see {@link #isTooLong}, before the first byte if their length is announced.
     *
     * @param most in bytes
     * @param begun called when the answer begins
     */
    public static BodyHandler<byte[]> upTo(long most, Runnable begun) {
        return response -> {
            begun.run();
            OptionalLong length = response.headers().firstValueAsLong("Content-Length");
            return new BoundedBody(most, length.isPresent() && length.getAsLong() > most);
        };
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return all.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        if (!refused) {
            subscription = given;
            all.onSubscribe(given);
            return;
        }
        over = true;
        given.cancel();
        all.onError(new TooLongException());
    }

    @Override
    public void onNext(List<ByteBuffer> items) {
        if (over) return;
        for (ByteBuffer item : items) received += item.remaining();
        if (received <= most) {
            all.onNext(items);
            return;
        }
        over = true;
        if (subscription != null) subscription.cancel();
        all.onError(new TooLongException());
    }

    @Override
    public void onError(Throwable error) {
        if (!over) all.onError(error);
    }

    @Override
    public void onComplete() {
        if (!over) all.onComplete();
    }
}
