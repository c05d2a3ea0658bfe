package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Mutate TorchScript files and let LibTorch load and run those that pass the check. {@code bench/torchscript-fuzz.sh}
 * starts it as a child process that may crash. Arguments: a folder of seeds, a work folder, the first number, the
 * count.
 */
final class ScriptFuzz {
    private static final long LONGEST = 30_000_000_000L;
    private static volatile long begun;

    private ScriptFuzz() {}

    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds(Path.of(arguments[0]));
        Path folder = Path.of(arguments[1]);
        long first = Long.parseLong(arguments[2]);
        long count = Long.parseLong(arguments[3]);
        List<String> operators = operators();
        int refused = 0;
        int loaded = 0;
        int answered = 0;
        Path file = folder.resolve("input.pt");
        Path mark = folder.resolve("number");
        Engine.version();
        watch();
        for (long number = first; number < first + count; number++) {
            byte[] seed = seeds.get((int) (number % seeds.size()));
            Files.write(file, new ScriptMutator(number, operators).mutate(seed));
            TorchScriptFile checked;
            try {
                checked = TorchScriptFile.open(file);
            } catch (LimbeckException e) {
                refused++;
                continue;
            }
            Files.writeString(mark, number + " " + refused + " " + loaded + " " + answered);
            begun = System.nanoTime();
            try (Script script = checked.load()) {
                loaded++;
                try (Scope scope = Scope.open()) {
                    script.forward(Tensors.zeros(DType.FLOAT32, 2, 3, 8, 8));
                    answered++;
                }
            } catch (RuntimeException e) {
                // An error message of the engine is an expected result.
            } finally {
                begun = 0;
            }
        }
        System.out.println("refused " + refused + " loaded " + loaded + " answered " + answered);
    }

    /** End the process if an input takes too long; nothing else stops native code. */
    private static void watch() {
        Thread watch = new Thread(() -> {
            while (true) {
                long since = begun;
                if (since != 0 && System.nanoTime() - since > LONGEST)
                    Runtime.getRuntime().halt(99);
                try {
                    Thread.sleep(100);
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        watch.setDaemon(true);
        watch.start();
    }

    static List<byte[]> seeds(Path folder) throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (String name : List.of("scripted", "traced", "frozen", "rich", "attention", "quantized")) {
            seeds.add(Files.readAllBytes(folder.resolve(name + ".pt")));
        }
        return seeds;
    }

    /** Return the allowed operators. */
    static List<String> operators() {
        return ScriptOperators.allowed().stream()
                .filter(name -> name.startsWith("aten::"))
                .map(name -> name.substring("aten::".length()))
                .sorted()
                .toList();
    }
}
