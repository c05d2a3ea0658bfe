package dev.limbeck.data;

import dev.limbeck.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Select the batches of one of several processes that share a pass over the rows: process r of n takes batches r, r + n, r
 * + 2n and so on. So n batches of one process are the rows that n processes take together.
 *
 * @param index of the process, from 0
 * @param count number of processes
 */
public record Shard(int index, int count) {
    /** All batches. */
    public static final Shard ALL = new Shard(0, 1);

    public Shard {
        Settings.atLeast(1, "number of processes", count);
        if (index < 0 || index >= count) throw Settings.wrong("process", "from 0 to " + (count - 1), index);
    }

    /** Return how many of a number of batches this process takes. */
    public int of(int batches) {
        return (batches - index + count - 1) / count;
    }

    /** Return whether an item belongs to this process, if items are divided into contiguous parts of almost equal size. */
    public boolean holds(int item, int items) {
        return (long) item * count / items == index;
    }

    /** Return the positions of the rows in each of this process's batches; the last one of all may be smaller. */
    public List<int[]> batches(int[] order, int batchSize) {
        List<int[]> own = new ArrayList<>();
        for (int start = index * batchSize; start < order.length; start += count * batchSize) {
            own.add(Arrays.copyOfRange(order, start, Math.min(order.length, start + batchSize)));
        }
        return own;
    }

    /** Return a loader of this process's batches. Closing it closes the given one. */
    public DataLoader of(DataLoader all) {
        return count == 1 ? all : new Selected(all);
    }

    private final class Selected implements DataLoader {
        private final DataLoader all;
        private int delivered;

        Selected(DataLoader all) {
            this.all = all;
        }

        @Override
        public int batches() {
            return of(all.batches());
        }

        @Override
        public @Nullable Batch next() {
            return skipToOwn() ? all.next() : null;
        }

        @Override
        public void skip() {
            if (skipToOwn()) all.skip();
        }

        private boolean skipToOwn() {
            if (delivered == batches()) return false;
            int others = delivered == 0 ? index : count - 1;
            for (int i = 0; i < others; i++) all.skip();
            delivered++;
            return true;
        }

        @Override
        public void close() {
            all.close();
        }
    }
}
