package dev.limbeck.distill.cache;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.SampleKey;
import java.nio.ByteBuffer;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Identify the batch that rows were computed in. Matrix products round the last rows of a batch differently from the
 * first. Only outputs from an equal batch are bitwise equal.
 */
final class BatchOrder {
    private BatchOrder() {}

    /** Return whether a batch is one of those of an in-order pass over its split. */
    static boolean isOf(Data data, Batch batch) {
        int[] rows = batch.indices();
        if (batch.origin() == null || rows.length == 0 || rows[0] % data.batchSize() != 0) return false;
        for (int i = 1; i < rows.length; i++) if (rows[i] != rows[0] + i) return false;
        int left = data.size(batch.origin().split()) - rows[0];
        return rows.length == Math.min(left, data.batchSize());
    }

    /** Return keys that are specific to this batch composition. */
    static SampleKey[] among(SampleKey... keys) {
        ByteBuffer all = ByteBuffer.allocate(keys.length * 2 * Long.BYTES);
        for (SampleKey key : keys) all.putLong(key.high()).putLong(key.low());
        ByteBuffer digest = ByteBuffer.wrap(DigestUtils.getSha256Digest().digest(all.array()));
        long high = digest.getLong();
        long low = digest.getLong();
        SampleKey[] among = new SampleKey[keys.length];
        for (int i = 0; i < keys.length; i++) among[i] = new SampleKey(high, low + i);
        return among;
    }
}
