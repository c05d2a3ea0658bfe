package dev.limbeck.tensor;

import dev.limbeck.CacheFolder;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Start LibTorch once, with settings for training, and report its configuration. */
public final class Engine {
    private static final String BINDINGS = "org.bytedeco.";
    private static final Path PROCESS_STATUS = Path.of("/proc/self/status");

    /** JavaCPP's property for the folder of unpacked libraries. */
    private static final String NATIVES = "org.bytedeco.javacpp.cachedir";

    private static final String UNLIMITED = "0";

    static {
        // Otherwise JavaCPP calls System.gc() and sleeps in large processes. It reads these properties only at first
        // use.
        for (String limit : new String[] {"maxBytes", "maxPhysicalBytes"}) {
            String property = "org.bytedeco.javacpp." + limit;
            if (System.getProperty(property) == null) System.setProperty(property, UNLIMITED);
        }
        keepNativesSomewhere();
        NativeSettings.apply();
        try (ExitGate inside = ExitGate.enter()) {
            unpackNamed();
            Loader.load(torch.class);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new LimbeckException(
                    "LibTorch could not be loaded on " + Loader.getPlatform() + " (" + firstLine(e)
                            + "); add org.bytedeco:pytorch, openblas and javacpp with the classifier of this system",
                    e);
        }
        // It reads TORCH_CPP_LOG_LEVEL.
        torch.initLogging();
        // It is slower than oneDNN, and prints a warning at each convolution on an unknown processor.
        torch.globalContext().setUserEnabledNNPACK(false);
        // The engine counts 1 core on some processors. A set variable takes precedence.
        if (System.getenv("OMP_NUM_THREADS") == null) torch.set_num_threads(cores());
        BlasThreads.answerSingles();
    }

    private Engine() {}

    /** Let JavaCPP unpack libraries to the temporary folder if there is no home folder. */
    private static void keepNativesSomewhere() {
        if (System.getProperty(NATIVES) != null || CacheFolder.javaHome().isPresent()) return;
        Path home = CacheFolder.home().orElse(null);
        if (home != null) {
            System.setProperty(
                    NATIVES, home.resolve(".javacpp").resolve("cache").toString());
            return;
        }
        Path folder = CacheFolder.temporary();
        System.setProperty(NATIVES, folder.resolve("javacpp").toString());
        LoggerFactory.getLogger(Engine.class)
                .warn(
                        "there is no home folder that may be written ({}); native libraries are kept in {}, and so is data"
                                + " unless LIMBECK_HOME names a folder",
                        System.getProperty("user.home"),
                        folder);
    }

    /**
     * Unpack libraries before another one that names them. JavaCPP loads libtorch first, and the system's loader would then read what
     * another process has unpacked of libtorch_cpu so far, or has left when it was killed: the JVM would crash.
     */
    private static void unpackNamed() {
        for (String variant : List.of("", "-gpu")) {
            for (String library : List.of("torch_cpu", "torch_cuda")) {
                String name = System.mapLibraryName(library);
                try {
                    // Null if there is none. JavaCPP waits for other processes, and compares size and time.
                    Loader.cacheResource(
                            torch.class, "/org/bytedeco/pytorch/" + Loader.getPlatform() + variant + "/" + name);
                } catch (IOException e) {
                    throw new LimbeckException(
                            name + " could not be unpacked to "
                                    + System.getProperty(NATIVES, "the folder .javacpp of the home folder") + " ("
                                    + e.getMessage() + "); make room, or name another folder (-D" + NATIVES + "=…)",
                            e);
                }
            }
        }
    }

    /** Return the number of usable cores, without hyperthreads if the system reports them. */
    private static int cores() {
        return Math.max(1, Math.min(Runtime.getRuntime().availableProcessors(), Loader.totalCores()));
    }

    /** Load the native library, unless it is loaded. */
    public static void start() {
        // The static initializer does the work.
    }

    /** Return the version of LibTorch and its Java binding, such as {@code 2.13.0-1.5.14}. */
    public static String version() {
        return Objects.requireNonNullElse(torch.class.getPackage().getImplementationVersion(), "unknown");
    }

    /** Return the vector instructions of LibTorch's kernels, such as {@code AVX512}. */
    public static String cpuCapability() {
        return torch.get_cpu_capability().getString();
    }

    /** Return how the C library allocates, as set by the environment or by this program; null for its defaults. */
    public static @Nullable String allocator() {
        return NativeSettings.chosen(NativeSettings.MALLOC);
    }

    /** Return how threads wait for work: the values of {@code OMP_WAIT_POLICY} and {@code OPENBLAS_THREAD_TIMEOUT}, by name. */
    public static Map<String, String> waiting() {
        return NativeSettings.waiting();
    }

    /** Return the processor's name as Linux gives it; empty on other systems. */
    public static String processor() {
        return Precision.processor("model name").orElse("");
    }

    /** Return the number of threads per operation. The default is one per core, or {@code OMP_NUM_THREADS}. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /** Set the number of threads per operation. Results are bitwise reproducible only with an equal number. */
    public static void setThreads(int threads) {
        if (threads < 1) throw new LimbeckException("threads must be at least 1, found " + threads);
        torch.set_num_threads(threads);
    }

    /** Return whether LibTorch was built with CUDA and sees a GPU. */
    public static boolean cudaAvailable() {
        return torch.cuda_is_available();
    }

    public static int cudaDevices() {
        return cudaAvailable() ? torch.cuda_device_count() : 0;
    }

    /**
     * Return the device of a name. It outlives every scope.
     *
     * @param name {@code auto} (the first GPU, or else the CPU), {@code cpu}, {@code cuda} or {@code cuda:N}
     * @throws LimbeckException if the name is invalid, or there is no such GPU
     */
    public static Device device(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        if (wanted.equals("auto")) wanted = cudaAvailable() ? "cuda" : "cpu";
        if (wanted.equals("cpu")) return Scope.retain(new Device("cpu"));
        if (!isDeviceName(wanted)) throw new LimbeckException(expectedDevice(name));
        int index = wanted.equals("cuda") ? 0 : Integer.parseInt(wanted.substring("cuda:".length()));
        if (index >= cudaDevices()) {
            throw new LimbeckException("device '" + name + "' was requested but LibTorch sees " + cudaDevices()
                    + " CUDA devices; use --device cpu, or build with -Pcuda on a machine with a GPU");
        }
        return Scope.retain(new Device("cuda:" + index));
    }

    /** Return whether a name is of the form that {@link #device} accepts, on any machine. */
    public static boolean isDeviceName(String name) {
        return name.toLowerCase(Locale.ROOT).matches("auto|cpu|cuda(:\\d{1,2})?");
    }

    /** Return the message for another name. */
    public static String expectedDevice(String name) {
        return "device must be auto, cpu, cuda or cuda:N, found '" + name + "'";
    }

    /** Return the name of a tensor's device, such as {@code cpu}. */
    public static String deviceName(Tensor tensor) {
        return tensor.device().str().getString();
    }

    /**
     * Return the size of live native objects as counted by JavaCPP, in bytes. It stays constant over steps without
     * leaks.
     */
    public static long countedBytes() {
        return Pointer.totalBytes();
    }

    /** Return the resident size of this process in bytes. */
    public static long residentBytes() {
        return Pointer.physicalBytes();
    }

    /** Return freed memory to the operating system. Call it after large work. */
    public static void trimMemory() {
        Pointer.trimMemory();
    }

    /** Return the peak resident size of this process in bytes, or the current one if the system has no peak. */
    public static long peakResidentBytes() {
        try (Stream<String> lines = Files.lines(PROCESS_STATUS)) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .max()
                    .orElseGet(Engine::residentBytes);
        } catch (IOException | UncheckedIOException e) {
            return residentBytes(); // not Linux
        }
    }

    /** Return whether native code threw an exception. Its type, RuntimeException, is also that of Java bugs. */
    public static boolean isThrownByEngine(Throwable error) {
        StackTraceElement[] trace = error.getStackTrace();
        return trace.length > 0
                && trace[0].isNativeMethod()
                && trace[0].getClassName().startsWith(BINDINGS);
    }

    /**
     * Return an exception to throw in place of another: one line if native code threw it, as for shapes that do not match or a lack of
     * memory. Others are bugs, and returned unchanged.
     *
     * @param what failed, such as {@code training failed}
     */
    public static RuntimeException explained(String what, RuntimeException e) {
        return isThrownByEngine(e) ? new LimbeckException(what + ": " + firstLine(e), e) : e;
    }

    /** Return the first informative line of a native error, whose message contains a C++ stack trace. */
    public static String firstLine(Throwable error) {
        String message = error.getMessage();
        if (message == null) return error.getClass().getSimpleName();
        return message.lines()
                .filter(line -> line.matches("(RuntimeError|torch\\.jit\\.Error|[A-Za-z]+(Error|Exception)): .*"))
                .findFirst()
                .or(() -> message.lines().filter(line -> !line.isBlank()).findFirst())
                .orElse(error.getClass().getSimpleName())
                .strip();
    }
}
