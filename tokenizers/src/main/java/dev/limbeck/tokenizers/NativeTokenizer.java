package dev.limbeck.tokenizers;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;

/** Own a tokenizer of the native library, which is freed when nothing refers to it. Equal contents share one. Thread-safe. */
final class NativeTokenizer {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final Map<TokenizerJson, WeakReference<NativeTokenizer>> OPEN = new HashMap<>();

    private final long handle;

    private NativeTokenizer(TokenizerJson json) {
        TokenizersLibrary library = NativeLibrary.get();
        long made;
        try (ExitGate inside = ExitGate.enter()) {
            made = library.createTokenizerFromString(json.forNative());
        } catch (RuntimeException | LinkageError e) {
            throw failure("is not accepted by the native library", "use another one", e);
        }
        handle = made;
        CLEANER.register(this, () -> {
            library.deleteTokenizer(made);
            forget(json);
        });
    }

    /**
     * Return the tokenizer of a checked file.
     *
     * @throws LimbeckException if the native library refuses it
     */
    static NativeTokenizer of(TokenizerJson json) {
        synchronized (OPEN) {
            WeakReference<NativeTokenizer> known = OPEN.get(json);
            NativeTokenizer one = known == null ? null : known.get();
            if (one == null) {
                one = new NativeTokenizer(json);
                OPEN.put(json, new WeakReference<>(one));
            }
            return one;
        }
    }

    private static void forget(TokenizerJson json) {
        synchronized (OPEN) {
            WeakReference<NativeTokenizer> known = OPEN.get(json);
            if (known != null && known.get() == null) OPEN.remove(json);
        }
    }

    /** Return the number of tokenizers that are not freed. */
    static int open() {
        synchronized (OPEN) {
            return OPEN.size();
        }
    }

    /** Return the ids of a text without marks. */
    long[] encode(String text) {
        TokenizersLibrary library = NativeLibrary.get();
        try (ExitGate inside = ExitGate.enter()) {
            long encoding = library.encode(handle, text, false);
            try {
                return library.getTokenIds(encoding);
            } finally {
                library.deleteEncoding(encoding);
            }
        } catch (LimbeckException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw failure("cannot encode a text of " + text.length() + " characters", "leave it out", e);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private static LimbeckException failure(String what, String advice, Throwable e) {
        if (e instanceof LimbeckException known) return known;
        return new LimbeckException(
                "the tokenizer " + what + " (" + Printable.quote(LimbeckException.briefly(e)) + "); " + advice, e);
    }
}
