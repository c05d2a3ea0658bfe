package dev.limbeck.cli;

import dev.limbeck.io.Downloads;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.text.TokenizerTypes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine.Command;

@Command(name = "doctor", description = "Print the environment of Limbeck and possible problems.")
final class DoctorCommand extends LimbeckCommand {
    private static final List<String> LIMITING =
            List.of("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY");

    @Override
    Object run() {
        Map<String, Object> facts = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        facts.put("limbeck", dev.limbeck.Version.number());
        RunRecord.Engine engine = RunRecord.Engine.here();
        facts.put("libtorch", engine.libtorch());
        facts.put("java", engine.java());
        facts.put("system", engine.system());
        facts.put("cpu_capability", engine.cpuCapability());
        facts.put("threads", engine.threads());
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        List<String> flags = Precision.processorFeatures();
        facts.put("avx512", flags.contains("avx512f"));
        facts.put("bf16", Precision.nativeBf16());
        facts.put(
                "precision_auto",
                Precision.of(Precision.AUTO, Engine.device("auto")).toString());
        facts.put("memory_format", "channels last: images, wide kernels");
        facts.put("allocator", Objects.requireNonNullElse(Engine.allocator(), "the C library's defaults"));
        facts.put(
                "waiting",
                Engine.waiting().isEmpty()
                        ? "the libraries' defaults"
                        : Engine.waiting().toString());
        facts.put("cuda_devices", Engine.cudaDevices());
        facts.put("device_auto", Engine.device("auto").str().getString());
        facts.put("max_heap_mib", Runtime.getRuntime().maxMemory() >> 20);
        facts.put("resident_mib", Engine.residentBytes() >> 20);
        facts.put("tokenizers", "wordpiece, " + String.join(", ", TokenizerTypes.kinds()));
        Path cache = Downloads.cacheFolder();
        facts.put("cache", cache.toString());
        if (!writable(cache)) missing.add("the cache folder " + cache + " cannot be written; set LIMBECK_HOME");
        if (Engine.cudaDevices() == 0) missing.add("no CUDA device; computing on the CPU");
        if (flags.isEmpty()) missing.add("the system does not report the CPU's features");
        missing.addAll(limits(System.getenv()));
        facts.put("missing", missing);
        facts.forEach((name, value) -> {
            if (!name.equals("missing")) say("%-15s %s".formatted(name, value));
        });
        missing.forEach(line -> say("missing         " + line));
        return facts;
    }

    /** Name the variables that keep LibTorch's libraries from using all that the processor has. */
    static List<String> limits(Map<String, String> environment) {
        return LIMITING.stream()
                .filter(environment::containsKey)
                .map(name -> name + "=" + environment.get(name)
                        + " in the environment limits the instructions that are used; unset it unless you want that")
                .toList();
    }

    private static boolean writable(Path folder) {
        for (Path path = folder.toAbsolutePath(); path != null; path = path.getParent()) {
            if (Files.exists(path)) return Files.isWritable(path);
        }
        return false;
    }
}
