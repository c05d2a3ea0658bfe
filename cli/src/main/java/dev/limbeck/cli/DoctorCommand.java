package dev.limbeck.cli;

import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.tensor.Engine;
import dev.limbeck.weights.Downloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

@Command(name = "doctor", description = "Tell what Limbeck found on this machine and what is missing.")
final class DoctorCommand extends LimbeckCommand {
    @Override
    Object run() {
        Map<String, Object> facts = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        facts.put("limbeck", dev.limbeck.Version.number());
        facts.putAll(RecipeRun.engineFacts());
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        List<String> flags = cpuFlags();
        facts.put("avx512", flags.contains("avx512f"));
        facts.put("bf16", flags.contains("avx512_bf16") || flags.contains("amx_bf16"));
        facts.put("cuda_devices", Engine.cudaDevices());
        facts.put("device_auto", Engine.device("auto").str().getString());
        facts.put("max_heap_mib", Runtime.getRuntime().maxMemory() >> 20);
        facts.put("resident_mib", Engine.residentBytes() >> 20);
        Path cache = Downloads.cacheFolder();
        facts.put("cache", cache.toString());
        if (!writable(cache)) missing.add("the cache folder " + cache + " cannot be written; set LIMBECK_HOME");
        if (Engine.cudaDevices() == 0) missing.add("no CUDA device; computing on the CPU");
        if (flags.isEmpty()) missing.add("the CPU's features are not told on this system");
        facts.put("missing", missing);
        facts.forEach((name, value) -> {
            if (!name.equals("missing")) say("%-15s %s".formatted(name, value));
        });
        missing.forEach(line -> say("missing         " + line));
        return facts;
    }

    /** Return the processor's feature names; empty where the system does not list them. */
    private static List<String> cpuFlags() {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) return List.of();
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> List.of(
                            line.substring(line.indexOf(':') + 1).strip().split(" ")))
                    .orElse(List.of());
        } catch (IOException e) {
            return List.of();
        }
    }

    private static boolean writable(Path folder) {
        for (Path path = folder.toAbsolutePath(); path != null; path = path.getParent()) {
            if (Files.exists(path)) return Files.isWritable(path);
        }
        return false;
    }
}
