package dev.limbeck.distill.cache;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Identify the batch that rows were computed in. Matrix products round the last rows of a batch differently from the
 * first. Only outputs from an equal batch are bitwise equal.
 */
final class BatchOrder {
    private final Data data;
    /** The data's order of each split, and the place of each row in it: looked at for each batch, computed once. */
    private final Map<Split, int[]> orders = new EnumMap<>(Split.class);

    private final Map<Split, int[]> places = new EnumMap<>(Split.class);

    BatchOrder(Data data) {
        this.data = data;
    }

    /** Return whether a batch is one of those of a pass over its split in the data's order. */
    boolean has(Batch batch) {
        int[] rows = batch.indices();
        if (batch.origin() == null || rows.length == 0) return false;
        Split split = batch.origin().split();
        int[] order = orders.computeIfAbsent(split, data::order);
        int from = places.computeIfAbsent(split, of -> inverse(order))[rows[0]];
        return from % data.batchSize() == 0
                && rows.length == Math.min(order.length - from, data.batchSize())
                && Arrays.equals(rows, 0, rows.length, order, from, from + rows.length);
    }

    private static int[] inverse(int... order) {
        int[] places = new int[order.length];
        for (int place = 0; place < order.length; place++) places[order[place]] = place;
        return places;
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
