package dev.limbeck.tensor;

import dev.limbeck.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;

/** Number format of computations in training and inference. Weights are float32 in both. */
public enum Precision {
    /** Compute in float32. */
    FP32,
    /** Compute convolutions and matrix products in bfloat16; losses, statistics and optimizers in float32. */
    BF16;

    /** Name of the automatic choice. */
    public static final String AUTO = "auto";

    /** Names that {@link #of} accepts, the default first. */
    public static final List<String> NAMES = List.of(AUTO, "fp32", "bf16");

    private static final List<String> NATIVE_BF16 = List.of("avx512_bf16", "amx_bf16");
    private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

    /**
     * Return the precision of a name.
     *
     * @param name {@code fp32}, {@code bf16}, or {@code auto}: bf16 on a processor with bfloat16 instructions, fp32 on
     *     other processors, on systems that do not report them, and on GPUs
     * @throws dev.limbeck.LimbeckException if the name is unknown
     */
    public static Precision of(String name, Device device) {
        if (!NAMES.contains(name)) throw Names.unknown("precision", name, NAMES);
        if (name.equals(AUTO)) return device.is_cpu() && nativeBf16() ? BF16 : FP32;
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** Return whether the processor has bfloat16 instructions; false if the system does not report them. */
    public static boolean nativeBf16() {
        return NATIVE_BF16.stream().anyMatch(processorFeatures()::contains);
    }

    /** Return the processor's feature flags as listed by Linux; empty on other systems. */
    public static List<String> processorFeatures() {
        return processor("flags").map(flags -> Arrays.asList(flags.split(" "))).orElse(List.of());
    }

    /** Return what Linux says about the first processor; empty on other systems. */
    static Optional<String> processor(String key) {
        if (!Files.isReadable(PROCESSOR)) return Optional.empty();
        try (Stream<String> lines = Files.lines(PROCESSOR)) {
            return lines.filter(line -> line.startsWith(key))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
