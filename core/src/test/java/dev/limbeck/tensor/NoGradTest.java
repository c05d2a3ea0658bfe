package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class NoGradTest {
    @Test
    void recordsNoGradientsUntilItIsClosed() {
        try (Scope scope = Scope.open()) {
            try (NoGrad noGrad = NoGrad.on()) {
                assertThat(recording()).isFalse();
            }
            assertThat(recording()).isTrue();
        }
    }

    @Test
    void nestsAndGivesBackWhatWasBefore() {
        try (Scope scope = Scope.open();
                NoGrad outer = NoGrad.on()) {
            try (NoGrad inner = NoGrad.on()) {
                assertThat(recording()).isFalse();
            }
            assertThat(recording()).isFalse();
        }
        try (Scope scope = Scope.open()) {
            assertThat(recording()).isTrue();
        }
    }

    @Test
    void givesBackOnExceptions() {
        try (NoGrad noGrad = NoGrad.on()) {
            throw new IllegalStateException("expected");
        } catch (IllegalStateException expected) {
            try (Scope scope = Scope.open()) {
                assertThat(recording()).isTrue();
            }
        }
    }

    @Test
    void isRefusedOnAForeignThreadAndLeavesBothThreadsAsTheyWere() throws InterruptedException {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        AtomicReference<Boolean> there = new AtomicReference<>();
        NoGrad mine = NoGrad.on();
        Thread other = new Thread(() -> {
            try (NoGrad own = NoGrad.on()) {
                mine.close();
            } catch (IllegalStateException e) {
                refused.set(e);
            }
            try (Scope scope = Scope.open()) {
                there.set(recording());
            }
        });
        other.start();
        other.join();
        try (Scope scope = Scope.open()) {
            assertThat(recording()).as("still off here").isFalse();
            mine.close();
            assertThat(recording()).isTrue();
        }
        assertThat(refused.get()).hasMessageStartingWith("NoGrad was opened on ");
        assertThat(there.get()).isTrue();
    }

    private static boolean recording() {
        Tensor leaf = Tensors.of(new float[] {1}, 1);
        leaf.set_requires_grad(true);
        return Ops.mul(leaf, 2).requires_grad();
    }
}
