package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Measure the CPU time and memory that hostile input costs the reading thread. */
public final class Work {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Several times the documented bound: code that runs for the first time is slow, and so are shared processors. */
    private static final long MOST_NANOS = 6_000_000_000L;

    private static final long MOST_BYTES = 64 << 20;

    private Work() {}

    /**
     * Assert that an input is rejected in one line, quickly and with at most 64 MiB of memory in addition to its own
     * size.
     */
    public static void assertRefused(String saying, long size, ThrowingCallable reading) {
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long nanos = THREADS.getCurrentThreadCpuTime();
        Throwable thrown = catchThrowable(reading);
        long tookNanos = THREADS.getCurrentThreadCpuTime() - nanos;
        long tookBytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
        assertThat(thrown).isInstanceOfAny(LimbeckException.class, IOException.class);
        assertThat(thrown.getMessage()).contains(saying).hasLineCount(1);
        assertThat(tookBytes).as("bytes for: %s", thrown.getMessage()).isLessThan(MOST_BYTES + size);
        assertThat(tookNanos).as("nanoseconds for: %s", thrown.getMessage()).isLessThan(MOST_NANOS);
    }

    /** Assert that an input is read within the same bounds. */
    public static void assertDone(long size, ThrowingCallable reading) {
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long nanos = THREADS.getCurrentThreadCpuTime();
        assertThat(catchThrowable(reading)).isNull();
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - bytes).isLessThan(MOST_BYTES + size);
        assertThat(THREADS.getCurrentThreadCpuTime() - nanos).isLessThan(MOST_NANOS);
    }
}
