import dev.limbeck.data.SampleKey;
import dev.limbeck.distill.cache.DiskStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/** Measure lookups in a folder of SyntheticLabels: KeptLookups FOLDER ROWS BYTES. */
public final class KeptLookups {
    public static void main(String[] a) {
        long rows = Long.parseLong(a[1]);
        int bytes = Integer.parseInt(a[2]);
        for (int open = 0; open < 3; open++) {
            long start = System.nanoTime();
            try (DiskStore store = new DiskStore(Path.of(a[0]), Map.of("made", "up"), bytes, System.out::println)) {
                System.out.printf("open %d: %.3f s%n", open, (System.nanoTime() - start) / 1e9);
                SplittableRandom random = new SplittableRandom(open);
                ByteBuffer batch = ByteBuffer.allocateDirect(64 * bytes);
                double[] micros = new double[20_000];
                byte[] expected = new byte[bytes];
                byte[] found = new byte[bytes];
                for (int i = 0; i < micros.length; i++) {
                    long[] wanted = random.longs(64, 0, rows).toArray();
                    SampleKey[] keys = Arrays.stream(wanted).mapToObj(KeptLookups::key).toArray(SampleKey[]::new);
                    long from = System.nanoTime();
                    batch.clear();
                    for (SampleKey key : keys) {
                        if (!store.get(key, batch)) throw new IllegalStateException("a row is missing");
                    }
                    micros[i] = (System.nanoTime() - from) / 1e3;
                    new SplittableRandom(~wanted[63]).nextBytes(expected);
                    batch.get(63 * bytes, found);
                    if (!Arrays.equals(expected, found)) throw new IllegalStateException("another row");
                }
                double first = Arrays.stream(micros, 0, 100).average().orElse(0);
                Arrays.sort(micros);
                Runtime java = Runtime.getRuntime();
                System.gc();
                System.out.printf(
                        "64 rows: first 100 batches %.0f µs each, median %.0f µs, 99%% %.0f µs; heap %.1f MB in use of %.0f MB%n",
                        first, micros[micros.length / 2], micros[micros.length * 99 / 100],
                        (java.totalMemory() - java.freeMemory()) / 1e6, java.maxMemory() / 1e6);
            }
        }
    }

    private static SampleKey key(long row) {
        SplittableRandom random = new SplittableRandom(row);
        return new SampleKey(random.nextLong(), random.nextLong());
    }
}
