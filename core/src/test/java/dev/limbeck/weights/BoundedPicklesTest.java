package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.Limit;
import dev.limbeck.Work;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that the time and memory for a small pickle are proportional to its size. */
class BoundedPicklesTest {
    private static final String TOO_LONG = "a number of more than";
    private static final String TOO_MUCH = "out of proportion";

    @TempDir
    Path folder;

    /** Load the engine once, so that it is not measured. */
    @BeforeAll
    static void warmUp() {
        Tensors.zeros(DType.FLOAT32, 1).close();
    }

    private static String repeat(int count, IntFunction<String> part) {
        return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining());
    }

    /** Return a dict of {@code names} names, 13 bytes each, stored at memo index 0. */
    private static String bigMap(int names) {
        return "}q\u0000(" + repeat(names, i -> "U\u0008%08dN".formatted(i)) + "u";
    }

    static Stream<Arguments> pickles() {
        String long4 = "\u008b" + new String(new char[] {0, 0, 0x10, 0}) + "w".repeat(1 << 20);
        String tensor = new String(
                Pickles.start().tensor("0", 1, 0, new long[0], new long[0]).bytes(), StandardCharsets.ISO_8859_1);
        return Stream.of(
                Arguments.of("a decimal number of 2 MB", TOO_LONG, "L" + "9".repeat(2 << 20) + "L\n"),
                Arguments.of("a whole number of 2 MB", TOO_LONG, "I" + "9".repeat(2 << 20) + "\n"),
                Arguments.of("a fraction of 2 MB", TOO_LONG, "F0." + "3".repeat(2 << 20) + "\n"),
                Arguments.of("a place of the memo of 2 MB", TOO_LONG, "Np" + "0".repeat(2 << 20) + "\n"),
                Arguments.of("a binary number of 1 MB", TOO_LONG, long4),
                Arguments.of("a name of a class of 2 MB", "does not end", "c" + "m".repeat(2 << 20) + "\n"),
                Arguments.of("millions of empty maps", TOO_MUCH, "(" + "}".repeat(3_000_000) + "l"),
                Arguments.of("millions of sets", TOO_MUCH, "(" + "\u008f".repeat(3_000_000) + "l"),
                Arguments.of("millions of tuples in tuples", TOO_MUCH, "N" + "\u0085".repeat(3_000_000)),
                Arguments.of(
                        "maps copied from a shared one",
                        TOO_MUCH,
                        bigMap(20_000) + "0(" + "ccollections\nOrderedDict\nq\u00010"
                                + "h\u0001h\u0000N\u0086R".repeat(20_000) + "l"),
                Arguments.of(
                        "maps made of a shared list of pairs",
                        TOO_MUCH,
                        "]q\u0000(" + "K\u0001N\u0086".repeat(20_000)
                                + "e0ccollections\nOrderedDict\nq\u00010(" + "h\u0001h\u0000N\u0086R".repeat(20_000)
                                + "l"),
                Arguments.of(
                        "tensors of a million dimensions",
                        "more than 64 dimensions",
                        "(" + "K\u0001".repeat(100_000) + "tq\u00000ctorch._utils\n_rebuild_tensor_v2\n(("
                                + "X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nU\u00010U\u0003cpuK\u0001tQ"
                                + "K\u0000h\u0000h\u0000\u0089NtR"),
                Arguments.of(
                        "a tensor under 200,000 names",
                        "more than 100000 tensors",
                        tensor.substring(2) + "q\u00000}(" + repeat(200_000, i -> "U\u0006%06dh\u0000".formatted(i))
                                + "u"),
                Arguments.of(
                        "a tensor in 5,000 maps",
                        "more than 200 maps of tensors",
                        tensor.substring(2) + "q\u00000}("
                                + repeat(5_000, i -> "U\u0004%04d}U\u0001wh\u0000s".formatted(i)) + "u"),
                Arguments.of(
                        "names of 100 KB above 2,000 maps",
                        "holds no tensors",
                        "}X" + new String(new char[] {0xa0, 0x86, 1, 0}) + "n".repeat(100_000) + "}("
                                + repeat(2_000, i -> "U\u0004%04d}U\u0001x]s".formatted(i)) + "us"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pickles")
    void worksIsBounded(String kind, String saying, String pickle) throws Exception {
        Path file = Pickles.zip(
                folder.resolve("a.pt"), Pickles.start().raw(pickle).raw(".").bytes(), Map.of("data/0", new byte[4]));
        long allowed = 8 * Files.size(file);
        Work.assertRefused(saying, allowed, () -> TorchCheckpoint.read(file).close());
        Path legacy = Pickles.legacy(
                folder.resolve("a.th"), Pickles.start().raw(pickle).raw(".").bytes(), Pickles.keys(), new byte[0]);
        Work.assertRefused(
                saying.equals("more than 100000 tensors") || saying.equals("more than 200 maps of tensors")
                        ? ""
                        : saying,
                allowed,
                () -> TorchCheckpoint.read(legacy).close());
    }

    /** Tens of thousands of names for one equally large dict: each object is searched only once. */
    @Test
    void whatIsSharedIsSearchedOnce() throws Exception {
        byte[] pickle = Pickles.start()
                .raw("}(U\u0001z")
                .raw(bigMap(60_000))
                .raw(repeat(60_000, i -> "U\u0008%08dh\u0000".formatted(i)))
                .text("w")
                .tensor("0", 4, 0, new long[] {4}, new long[] {1})
                .raw("u.")
                .bytes();
        Path file = Pickles.zip(folder.resolve("a.pt"), pickle, Map.of("data/0", new byte[16]));
        Work.assertDone(8 * Files.size(file), () -> {
            try (StateDict read = TorchCheckpoint.read(file)) {
                assertThat(read.names()).containsExactly("w");
            }
        });
    }

    @Test
    void entriesOfACheckpointAreCounted() {
        System.setProperty(Limit.TENSORS.property(), "10");
        try {
            Map<String, byte[]> many =
                    IntStream.range(0, 2_000).boxed().collect(Collectors.toMap(i -> "data/" + i, i -> new byte[0]));
            Path file = Pickles.zip(
                    folder.resolve("a.pt"), Pickles.start().raw("}.").bytes(), many);
            Work.assertRefused("more than 1010 entries", 0, () -> TorchCheckpoint.read(file));
        } finally {
            System.clearProperty(Limit.TENSORS.property());
        }
    }
}
