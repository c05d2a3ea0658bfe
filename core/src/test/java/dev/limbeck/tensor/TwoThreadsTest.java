package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Test that both halves are done once, on whichever thread. */
class TwoThreadsTest {
    @Test
    void anotherThreadDoesTheSecondHalf() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<Thread> other = new AtomicReference<>();
        TwoThreads.run(() -> await(begun), () -> {
            other.set(Thread.currentThread());
            begun.countDown();
        });
        assertThat(other.get()).isNotNull().isNotSameAs(Thread.currentThread());
        assertThat(other.get().isDaemon()).isTrue();
    }

    /** While another caller keeps the second thread busy, nobody waits for it. */
    @Test
    void theCallerDoesBothIfNoThreadIsFree() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Thread busy = new Thread(() -> TwoThreads.run(() -> await(begun), () -> {
            begun.countDown();
            await(end);
        }));
        busy.start();
        await(begun);
        for (int i = 0; i < 3; i++) {
            AtomicReference<Thread> doer = new AtomicReference<>();
            TwoThreads.run(() -> {}, () -> doer.set(Thread.currentThread()));
            assertThat(doer.get()).isSameAs(Thread.currentThread());
        }
        end.countDown();
        busy.join();
    }

    /** A half that its caller has done must not take the place of the next one. */
    @Test
    void theSecondThreadIsFreeAfterEachCall() {
        for (int i = 0; i < 2_000; i++) {
            TwoThreads.run(() -> {}, () -> {});
            CountDownLatch begun = new CountDownLatch(1);
            AtomicReference<Boolean> inTime = new AtomicReference<>(false);
            TwoThreads.run(() -> inTime.set(isOver(begun)), begun::countDown);
            assertThat(inTime.get()).as("call %d", i).isTrue();
        }
    }

    @Test
    void failuresOfBothHalvesAreThrown() {
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> TwoThreads.run(() -> {}, TwoThreadsTest::fail))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("half");
            AtomicReference<Boolean> done = new AtomicReference<>(false);
            assertThatThrownBy(() -> TwoThreads.run(TwoThreadsTest::fail, () -> done.set(true)))
                    .hasMessage("half");
            assertThat(done.get()).as("nothing runs on after the call").isTrue();
        }
    }

    @Test
    void anInterruptWaitsForTheHalves() {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<Boolean> done = new AtomicReference<>(false);
        TwoThreads.run(
                () -> {
                    await(begun);
                    Thread.currentThread().interrupt();
                },
                () -> {
                    begun.countDown();
                    done.set(true);
                });
        assertThat(done.get()).isTrue();
        assertThat(Thread.interrupted()).as("kept").isTrue();
    }

    private static void fail() {
        throw new IllegalArgumentException("half");
    }

    /** A half that never begins fails the test, and does not hang it. */
    private static void await(CountDownLatch latch) {
        if (!isOver(latch)) throw new IllegalStateException("the other half did not begin");
    }

    private static boolean isOver(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
