package dev.limbeck.tensor;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Set what LibTorch's libraries read from the environment when they are loaded, and how the C library allocates, so that a program
 * needs no environment variables. Variables that the user has set stay. On Windows nothing is set. A library that
 * another one has loaded before keeps what it has read.
 */
final class NativeSettings {
    /**
     * Threads that wait sleep in place of spinning: when something else uses a core too, spinning makes a step up to a hundred times
     * slower. OpenBLAS has threads of its own, which spin for 30 ms after each product; at 2^4 cycles they leave the cores alone.
     */
    private static final Map<String, String> VARIABLES =
            Map.of("OMP_WAIT_POLICY", "passive", "OPENBLAS_THREAD_TIMEOUT", "4");

    static final String MALLOC = "malloc";

    private static final String TUNABLES = "GLIBC_TUNABLES";

    private static final Pattern OF_LARGE_BLOCKS =
            Pattern.compile("glibc\\.malloc\\.(mmap_max|mmap_threshold|trim_threshold|top_pad)=");

    /** JNA's property for the folder of its unpacked library. */
    private static final String JNA = "jna.tmpdir";

    /** Numbers of glibc's mallopt. */
    private static final int TRIM_THRESHOLD = -1;

    private static final int TOP_PAD = -2;
    private static final int MMAP_MAX = -4;
    private static final int NEVER = -1;
    private static final int PAD_BYTES = 256 << 20;

    private static final Map<String, @Nullable String> CHOSEN = new LinkedHashMap<>();

    private NativeSettings() {}

    /** Set what is not set. Call this before the first library is loaded. */
    static synchronized void apply() {
        if (!CHOSEN.isEmpty()) return;
        VARIABLES.forEach((name, value) -> CHOSEN.put(name, System.getenv(name)));
        CHOSEN.put(MALLOC, mallocVariables(System.getenv()));
        String system = System.getProperty("os.name");
        if (system.startsWith("Windows")) return;
        try {
            if (!findFolder()) return;
            NativeLibrary c = NativeLibrary.getInstance("c");
            Function setenv = c.getFunction("setenv");
            VARIABLES.forEach((name, value) -> {
                if (CHOSEN.get(name) != null) return;
                if (setenv.invokeInt(new Object[] {name, value, 0}) == 0) CHOSEN.put(name, value);
            });
            // Otherwise c10d prints stacks of C++ when another process ends; the error itself is thrown.
            setenv.invokeInt(new Object[] {"TORCH_CPP_LOG_LEVEL", "ERROR", 0});
            if (CHOSEN.get(MALLOC) == null && system.equals("Linux")) keepMemory(c);
        } catch (LinkageError e) {
            LoggerFactory.getLogger(NativeSettings.class)
                    .warn(
                            "the C library cannot be called ({}): steps take longer unless OMP_WAIT_POLICY=passive and"
                                    + " OPENBLAS_THREAD_TIMEOUT=4 are set in the environment",
                            LimbeckException.briefly(e));
        }
    }

    /**
     * Let JNA unpack its library beside JavaCPP's if the temporary folder is not writable; its own warning has many lines. Return false
     * if neither is: LibTorch cannot be loaded then either, and its error says so.
     */
    private static boolean findFolder() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        if (System.getProperty(JNA) != null || Files.isDirectory(temporary) && Files.isWritable(temporary)) return true;
        try {
            System.setProperty(JNA, Loader.getCacheDir().toString());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Keep freed memory in the process and use it again: about a tenth less time a step with glibc. */
    private static void keepMemory(NativeLibrary c) {
        Function mallopt;
        try {
            mallopt = c.getFunction("mallopt");
        } catch (UnsatisfiedLinkError otherLibrary) {
            return;
        }
        boolean all = Stream.of(List.of(MMAP_MAX, 0), List.of(TRIM_THRESHOLD, NEVER), List.of(TOP_PAD, PAD_BYTES))
                .allMatch(two -> mallopt.invokeInt(two.toArray()) == 1);
        if (all) CHOSEN.put(MALLOC, "freed memory is kept" + launcherSettings(System.getenv()));
    }

    /** Return the variables of malloc that bin/limbeck sets, since no program can set them from inside. */
    static String launcherSettings(Map<String, String> environment) {
        return set(environment, "MALLOC_ARENA_MAX", TUNABLES)
                .map(setting -> ", " + setting)
                .collect(Collectors.joining());
    }

    private static Stream<String> set(Map<String, String> environment, String... names) {
        return Stream.of(names).filter(environment::containsKey).map(name -> name + "=" + environment.get(name));
    }

    /** Return the variables that choose another allocator, or what {@link #keepMemory} would set; null without one. */
    static @Nullable String mallocVariables(Map<String, String> environment) {
        String set = set(
                        environment,
                        "MALLOC_MMAP_THRESHOLD_",
                        "MALLOC_TRIM_THRESHOLD_",
                        "MALLOC_TOP_PAD_",
                        "MALLOC_MMAP_MAX_",
                        TUNABLES,
                        "LD_PRELOAD")
                // bin/limbeck sets tunables of small blocks.
                .filter(setting -> !setting.startsWith(TUNABLES)
                        || OF_LARGE_BLOCKS.matcher(setting).find())
                .collect(Collectors.joining(" "));
        return set.isEmpty() ? null : set;
    }

    /** Return the variables that say how threads wait, without those that keep their default. */
    static synchronized Map<String, String> waiting() {
        Map<String, String> found = new TreeMap<>();
        for (String name : VARIABLES.keySet()) {
            String value = CHOSEN.get(name);
            if (value != null) found.put(name, value);
        }
        return found;
    }

    /** Return the value of a variable in this process, or of {@code malloc}; null if it has the default. */
    static synchronized @Nullable String chosen(String name) {
        return CHOSEN.get(name);
    }
}
