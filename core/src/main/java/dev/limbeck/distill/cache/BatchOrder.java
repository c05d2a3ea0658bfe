package dev.limbeck.distill.cache;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.SampleKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Identify the batch that rows were computed in. Matrix products round the last rows of a batch differently from the
 * first. Only outputs from an equal batch are bitwise equal.
 */
final class BatchOrder {
    private BatchOrder() {}

    /** Return whether a batch is one of those of a pass over its split in the data's order. */
    static boolean isOf(Data data, Batch batch) {
        int[] rows = batch.indices();
        if (batch.origin() == null || rows.length == 0) return false;
        int[] order = data.order(batch.origin().split());
        int from = IntStream.range(0, order.length)
                .filter(i -> order[i] == rows[0])
                .findFirst()
                .orElse(-1);
        return from >= 0
                && from % data.batchSize() == 0
                && rows.length == Math.min(order.length - from, data.batchSize())
                && Arrays.equals(rows, 0, rows.length, order, from, from + rows.length);
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
