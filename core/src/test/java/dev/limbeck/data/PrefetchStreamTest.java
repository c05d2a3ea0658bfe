package dev.limbeck.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PrefetchStreamTest {
    private static final int ROWS = 3;
    private final BufferPool pool = new BufferPool(ROWS * Integer.BYTES);

    private static List<int[]> batches(int count) {
        return IntStream.range(0, count)
                .mapToObj(b -> IntStream.range(b * ROWS, (b + 1) * ROWS).toArray())
                .toList();
    }

    private static Batch make(int[] indices, ByteBuffer bytes) {
        return new Batch(
                Inputs.of(Tensors.copyOf(bytes, DType.INT32, indices.length)),
                Tensors.zeros(DType.INT64, indices.length),
                indices);
    }

    private static long liveWorkers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("limbeck-batches-"))
                .count();
    }

    private PrefetchStream open(int count, int workers, int depth, PrefetchStream.RowFiller filler) {
        return new PrefetchStream(batches(count), pool, workers, depth, filler, PrefetchStreamTest::make);
    }

    @Test
    void keepsTheOrderWhateverTheWorkersDo() {
        Draws pauses = Draws.of(1);
        for (int workers : new int[] {1, 2, 5}) {
            List<Long> seen = new ArrayList<>();
            try (Scope scope = Scope.open();
                    PrefetchStream stream = open(20, workers, 4, (index, target) -> {
                        pause(pauses.nextInt(3));
                        target.putInt(index * 7);
                    })) {
                assertThat(stream.batches()).isEqualTo(20);
                for (Batch batch = stream.next(); batch != null; batch = stream.next()) {
                    for (long value : Tensors.toLongs(batch.input())) seen.add(value);
                    assertThat(batch.indices()[0] * 7L).isEqualTo(Tensors.toLongs(batch.input())[0]);
                }
                assertThat(stream.next()).isNull();
            }
            assertThat(seen)
                    .isEqualTo(IntStream.range(0, 60).mapToObj(i -> i * 7L).toList());
        }
        assertThat(liveWorkers()).isZero();
    }

    @Test
    void raisesTheWorkersOwnExceptionAtItsBatch() {
        LimbeckException failure = new LimbeckException("cannot read image 10");
        try (Scope scope = Scope.open();
                PrefetchStream stream = open(20, 3, 4, (index, target) -> {
                    if (index == 10) throw failure;
                    pause(index < 9 ? 5 : 0);
                    target.putInt(index);
                })) {
            for (int b = 0; b < 3; b++) assertThat(stream.next()).isNotNull();
            assertThatThrownBy(stream::next).isSameAs(failure);
            assertThat(liveWorkers()).isZero();
        }
    }

    @Test
    void raisesErrorsToo() {
        OutOfMemoryError failure = new OutOfMemoryError("for a test");
        try (PrefetchStream stream = open(2, 2, 2, (index, target) -> {
            throw failure;
        })) {
            assertThatThrownBy(stream::next).isSameAs(failure);
        }
    }

    @Test
    void closingEarlyStopsTheWorkersAndReturnsEveryBuffer() throws InterruptedException {
        CountDownLatch full = new CountDownLatch(4 * ROWS);
        AtomicInteger rows = new AtomicInteger();
        PrefetchStream stream = open(1000, 3, 4, (index, target) -> {
            target.putInt(index);
            rows.incrementAndGet();
            full.countDown();
        });
        assertThat(full.await(10, TimeUnit.SECONDS)).isTrue();
        pause(50);
        assertThat(rows).hasValue(4 * ROWS);
        stream.close();
        stream.close();
        assertThat(liveWorkers()).isZero();
        assertThat(pool.available()).isEqualTo(4);
        assertThatThrownBy(stream::next).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingWaitsForTheRowUnderWayOnly() {
        AtomicInteger rows = new AtomicInteger();
        PrefetchStream stream = new PrefetchStream(
                List.of(IntStream.range(0, 1000).toArray()),
                new BufferPool(4000),
                1,
                1,
                (index, target) -> {
                    rows.incrementAndGet();
                    pause(20);
                },
                PrefetchStreamTest::make);
        pause(60);
        stream.close();
        assertThat(rows.get()).isLessThan(100);
    }

    @Test
    void reusesBuffersOverStreams() {
        for (int pass = 0; pass < 5; pass++) {
            try (Scope scope = Scope.open();
                    PrefetchStream stream = open(10, 2, 3, (index, target) -> target.putInt(index))) {
                while (stream.next() != null) continue;
            }
        }
        assertThat(pool.available()).isBetween(1, 4);
    }

    @Test
    void interruptionEndsTheWait() {
        CountDownLatch never = new CountDownLatch(1);
        try (PrefetchStream stream = open(1, 1, 1, (index, target) -> {
            try {
                never.await(2, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        })) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(stream::next)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            never.countDown();
        }
    }

    @Test
    void refusesNoWorkers() {
        assertThatThrownBy(() -> open(1, 0, 1, (index, target) -> {}))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("at least 1");
    }

    private static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
