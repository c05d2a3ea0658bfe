package dev.limbeck.tensor;

import dev.limbeck.CacheFolder;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.LoggerFactory;

/** Start LibTorch once with settings that suit training, and tell what it found on this machine. */
public final class Engine {
    private static final String BINDINGS = "org.bytedeco.";
    private static final Path PROCESS_STATUS = Path.of("/proc/self/status");

    /** The folder of unpacked libraries, as JavaCPP calls it. */
    private static final String NATIVES = "org.bytedeco.javacpp.cachedir";

    private static final String UNLIMITED = "0";

    static {
        // Otherwise JavaCPP calls System.gc() and sleeps once the process is large; it reads these on first use only.
        for (String limit : new String[] {"maxBytes", "maxPhysicalBytes"}) {
            String property = "org.bytedeco.javacpp." + limit;
            if (System.getProperty(property) == null) System.setProperty(property, UNLIMITED);
        }
        keepNativesSomewhere();
        try (ExitGate inside = ExitGate.enter()) {
            Loader.load(torch.class);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new LimbeckException(
                    "LibTorch could not be loaded on " + Loader.getPlatform() + " (" + firstLine(e)
                            + "); add org.bytedeco:pytorch, openblas and javacpp with the classifier of this system",
                    e);
        }
        // It is slower than oneDNN, and where a processor is unknown to it, it says so on the terminal at each
        // convolution.
        torch.globalContext().setUserEnabledNNPACK(false);
        // The engine's own count of cores is 1 on some processors; who sets the variable has counted already.
        if (System.getenv("OMP_NUM_THREADS") == null) torch.set_num_threads(cores());
        BlasThreads.answerSingles();
    }

    private Engine() {}

    /** Let JavaCPP unpack the libraries in the temporary folder where there is no home, before it looks for one. */
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

    /** Return how many cores this process may use, two threads of one core counted once where the system tells. */
    private static int cores() {
        return Math.max(1, Math.min(Runtime.getRuntime().availableProcessors(), Loader.totalCores()));
    }

    /** Load the native library if that has not happened yet. */
    public static void start() {
        // The static initializer does the work.
    }

    /** Return the version of LibTorch and its Java binding, such as {@code 2.13.0-1.5.14}. */
    public static String version() {
        return Objects.requireNonNullElse(torch.class.getPackage().getImplementationVersion(), "unknown");
    }

    /** Return the vector instructions LibTorch chose its kernels for, such as {@code AVX512}. */
    public static String cpuCapability() {
        return torch.get_cpu_capability().getString();
    }

    /** Return how many threads one operation may use; one a core unless {@code OMP_NUM_THREADS} says otherwise. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /** Set how many threads one operation may use; results are repeatable bit for bit only at an equal count. */
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
     * Return the device that a name asks for; it outlives every scope.
     *
     * @param name {@code auto} (the first GPU if there is one), {@code cpu}, {@code cuda} or {@code cuda:N}
     * @throws LimbeckException if the name is another, or the GPU is not there
     */
    public static Device device(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        if (wanted.equals("auto")) wanted = cudaAvailable() ? "cuda" : "cpu";
        if (wanted.equals("cpu")) return Scope.retain(new Device("cpu"));
        if (!wanted.matches("cuda(:\\d{1,2})?")) {
            throw new LimbeckException("device must be auto, cpu, cuda or cuda:N, found '" + name + "'");
        }
        int index = wanted.equals("cuda") ? 0 : Integer.parseInt(wanted.substring("cuda:".length()));
        if (index >= cudaDevices()) {
            throw new LimbeckException("device '" + name + "' was asked for but LibTorch sees " + cudaDevices()
                    + " CUDA devices; use --device cpu, or build with -Pcuda on a machine with a GPU");
        }
        return Scope.retain(new Device("cuda:" + index));
    }

    /** Return the name of the device a tensor lives on, such as {@code cpu}. */
    public static String deviceName(Tensor tensor) {
        return tensor.device().str().getString();
    }

    /** Return the bytes of native objects that JavaCPP counts as alive; flat over steps when nothing leaks. */
    public static long countedBytes() {
        return Pointer.totalBytes();
    }

    /** Return the resident size of this process in bytes. */
    public static long residentBytes() {
        return Pointer.physicalBytes();
    }

    /** Give memory that was freed back to the system, which malloc may have been told to keep; after large work is done. */
    public static void trimMemory() {
        Pointer.trimMemory();
    }

    /** Return the largest resident size that this process has had, in bytes; where the system keeps none, that of now. */
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

    /** Return whether native code threw an exception; it is a RuntimeException as a bug of Java code may be. */
    public static boolean isThrownByEngine(Throwable error) {
        StackTraceElement[] trace = error.getStackTrace();
        return trace.length > 0
                && trace[0].isNativeMethod()
                && trace[0].getClassName().startsWith(BINDINGS);
    }

    /** Return the first telling line of an error from native code, whose messages carry a C++ stack trace. */
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
