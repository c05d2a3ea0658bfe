package dev.limbeck.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Hold a target's seeds, small valid files and earlier findings, and generate inputs from them. */
public final class Corpus {
    /** The folder of seeds, with a subfolder per target. */
    static final Path FOLDER = Path.of(System.getProperty("limbeck.fuzz.seeds", "seeds"));

    private static final Bytes BYTES = new Bytes();

    private final SortedMap<String, byte[]> seeds = new TreeMap<>();
    private final List<byte[]> files;
    private final Mutator mutator;

    Corpus(Target target) throws IOException {
        Path folder = FOLDER.resolve(target.name());
        try (Stream<Path> there = Files.list(folder)) {
            for (Path seed : there.toList()) seeds.put(seed.getFileName().toString(), Files.readAllBytes(seed));
        }
        if (seeds.isEmpty()) throw new IOException(folder + " has no seeds");
        files = List.copyOf(seeds.values());
        mutator = target.mutator();
    }

    /** Return the seeds by file name. */
    public SortedMap<String, byte[]> seeds() {
        return seeds;
    }

    /**
     * Generate an input: a seed mutated one or more times by the mutator that knows the format, byte by byte, or both.
     */
    byte[] input(Choices choices) {
        byte[] input = files.get(choices.below(files.size()));
        int way = choices.below(8);
        if (way > 0) for (int i = 1 + choices.below(2); i > 0; i--) input = mutator.mutate(input, choices);
        if (way < 2) input = BYTES.mutate(input, choices);
        return input;
    }

    /** Return the file that an input of Jazzer stands for; see {@link Guided}. */
    byte[] file(byte[] data) {
        if (data.length == 0) return data;
        byte[] rest = Arrays.copyOf(data, data.length - 1);
        return data[rest.length] % 2 == 0 ? rest : input(Choices.by(rest));
    }
}
