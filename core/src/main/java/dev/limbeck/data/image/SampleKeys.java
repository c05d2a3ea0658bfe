package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import dev.limbeck.data.SampleKey;
import dev.limbeck.image.ImagePreprocessing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * Compute cache keys of images: a SHA-256 of preprocessing, source signature and resized pixels, truncated to 128 bits.
 * Augmented views also mix in the augmentation settings and the draw. Names and order do not matter.
 */
final class SampleKeys {
    /** Compute keys of images that are prepared in one way. */
    static final class Rule {
        private final byte[] preprocessing;

        Rule(ImagePreprocessing how) {
            preprocessing = bytes(how.toMetadata().toString());
        }

        /**
         * Return the key of an image without augmentation.
         *
         * @param signature of the source; for files, their size
         */
        SampleKey key(long signature, byte[] pixels) {
            MessageDigest digest = DigestUtils.getSha256Digest();
            digest.update(preprocessing);
            // Images that are equal after resizing may differ for a model with larger inputs.
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(signature).rewind());
            ByteBuffer hash = ByteBuffer.wrap(digest.digest(pixels));
            return new SampleKey(hash.getLong(), hash.getLong());
        }
    }

    private final ImageSource source;
    private final PixelStore store;
    private final Rule rule;
    private final long augmentation;
    private final AtomicReferenceArray<@Nullable SampleKey> known;

    SampleKeys(ImageSource source, ImagePreprocessing preprocessing, PixelStore store, Augmentation augmentation) {
        this.source = source;
        this.store = store;
        rule = new Rule(preprocessing);
        // The number of views does not change any draw.
        this.augmentation = ByteBuffer.wrap(DigestUtils.getSha256Digest()
                        .digest(bytes(augmentation.withViews(0).describe().toString())))
                .getLong();
        known = new AtomicReferenceArray<>(source.size());
    }

    /** Return the key of an image without augmentation. */
    SampleKey plain(int image) {
        SampleKey key = known.get(image);
        if (key != null) return key;
        key = rule.key(source.signature(image), store.pixels(image));
        known.set(image, key);
        return key;
    }

    /** Return the key of an image augmented with given draws. */
    SampleKey of(int image, Draws draws) {
        SampleKey key = plain(image);
        long drawn = draws.nextLong();
        return new SampleKey(
                Draws.of(key.high(), augmentation, drawn).nextLong(),
                Draws.of(key.low(), augmentation, drawn).nextLong());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
