package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.Unpickler;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MaliciousPickleTest {
    private static final String TOUCHED = "@TOUCHED@";

    @TempDir
    Path folder;

    static Stream<Arguments> attacks() {
        String argument = "S'touch " + TOUCHED + "'\n";
        return Stream.of(
                Arguments.of("os.system", "cos\nsystem\n(" + argument + "tR."),
                Arguments.of("posix.system", "cposix\nsystem\n(" + argument + "tR."),
                Arguments.of("builtins.eval", "cbuiltins\neval\n(S'1'\ntR."),
                Arguments.of("builtins.getattr", "\u0080\u0002cbuiltins\ngetattr\n(K\u0001K\u0002tR."),
                // STACK_GLOBAL of protocol 4
                Arguments.of("os.system", "\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093(" + argument + "tR."),
                Arguments.of("subprocess.Popen", "(" + argument + "isubprocess\nPopen\n."),
                Arguments.of("os.system", "(cos\nsystem\n" + argument + "o."),
                Arguments.of("os.system", "\u0080\u0002cos\nsystem\n)\u0081}b."),
                Arguments.of("torch.load", "ctorch\nload\n(" + argument + "tR."),
                Arguments.of("torch.hub.load", "ctorch.hub\nload\n(" + argument + "tR."),
                Arguments.of("java.lang.Runtime", "cjava.lang\nRuntime\n)R."),
                // known to the library's own registry, not to ours
                Arguments.of("decimal.Decimal", "cdecimal\nDecimal\n(S'1'\ntR."),
                Arguments.of("operator.attrgetter", "coperator\nattrgetter\n(S'x'\ntR."),
                Arguments.of("builtins.ValueError", "cbuiltins\nValueError\n)R."),
                // a call of what is no class, and of a class by text
                Arguments.of("calls what is no known class", "S'os.system'\n(" + argument + "tR."),
                Arguments.of("calls what is no known class", "}(" + argument + "tR."),
                // a known function called through another with the forbidden one inside
                Arguments.of(
                        "os.system", "ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nN(" + argument + "ttR."),
                Arguments.of("opcode 130", "\u0080\u0002\u0082\u0001)R."),
                Arguments.of("opcode 80", "Psome id\n."),
                Arguments.of("persistent id", "(S'module'\nS'x'\ntQ."),
                Arguments.of(
                        "key of a storage is neither text nor a number",
                        "\u0080\u0002(U\u0007storagectorch\nFloatStorage\n}q\u0001(U\u0001ah\u0001uU\u0003cpuK\u0001tQ."));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void nothingRunsAndTheNameIsSaid(String named, String pickle) {
        Path touched = folder.resolve("touched");
        byte[] bytes =
                new Pickles().raw(pickle.replace(TOUCHED, touched.toString())).bytes();
        TorchCheckpointTest.assertRefused(Pickles.zip(folder.resolve("a.pt"), bytes, Map.of()), named, "");
        TorchCheckpointTest.assertRefused(
                Pickles.legacy(folder.resolve("a.th"), bytes, Pickles.keys(), new byte[0]), named, "");
        // hidden beside an honest state dict
        byte[] beside = Pickles.start()
                .raw("}(")
                .text("extra")
                .raw(new String(bytes, 0, bytes.length - 1, StandardCharsets.ISO_8859_1))
                .text("w")
                .tensor("0", 4, 0, new long[] {4}, new long[] {1})
                .raw("u.")
                .bytes();
        TorchCheckpointTest.assertRefused(
                Pickles.zip(folder.resolve("b.pt"), beside, Map.of("data/0", new byte[16])), named, "");
        assertThat(touched).doesNotExist();
    }

    @Test
    void stateForAnObjectIsDroppedNotRun() {
        // BUILD on a map would reach __setstate__ by reflection in the library
        byte[] pickle = Pickles.start()
                .raw("}(")
                .text("w")
                .tensor("0", 4, 0, new long[] {4}, new long[] {1})
                .raw("u}")
                .text("__class__")
                .text("os.system")
                .raw("sb.")
                .bytes();
        Path file = Pickles.zip(folder.resolve("a.pt"), pickle, Map.of("data/0", new byte[16]));
        TorchCheckpoint.read(file).close();
    }

    @Test
    void constructorsRegisteredByOthersAreNotUsed() {
        boolean[] called = {false};
        Unpickler.registerConstructor("os", "system", arguments -> {
            called[0] = true;
            throw new PickleException("called");
        });
        byte[] pickle = new Pickles().raw("cos\nsystem\n(S'x'\ntR.").bytes();
        TorchCheckpointTest.assertRefused(Pickles.zip(folder.resolve("a.pt"), pickle, Map.of()), "os.system", "");
        assertThat(called[0]).isFalse();
    }

    @Test
    void hugeClaimsAreRefusedBeforeMemoryIsTaken() {
        for (String claim : new String[] {
            "X\u00ff\u00ff\u00ff\u007f",
            "X\u00ff\u00ff\u00ff\u00ff",
            "T\u00ff\u00ff\u00ff\u007f",
            "B\u00ff\u00ff\u00ff\u007f",
            "\u008b\u00ff\u00ff\u00ff\u007f",
            "\u008d\u00ff\u00ff\u00ff\u007f\u0000\u0000\u0000\u0000",
            "\u008e\u00ff\u00ff\u00ff\u007f\u0000\u0000\u0000\u0000"
        }) {
            byte[] pickle = new Pickles().raw(claim).raw("abc.").bytes();
            TorchCheckpointTest.assertRefused(Pickles.zip(folder.resolve("a.pt"), pickle, Map.of()), "claims", "");
            TorchCheckpointTest.assertRefused(
                    Pickles.legacy(folder.resolve("a.th"), pickle, new byte[0], new byte[0]), "claims", "");
        }
    }

    @Test
    void structuresThatHoldThemselvesEnd() {
        // d = {}; d['model'] = d, and l = []; l.append(l); {l: 1}, and 40 levels of [x, x]
        Pickles.zip(
                folder.resolve("a.pt"),
                Pickles.start().raw("}q\u0000").text("model").raw("h\u0000s.").bytes(),
                Map.of());
        StringBuilder doubling = new StringBuilder("]");
        for (int i = 0; i < 60; i++) doubling.append("2\u0086");
        byte[] laughs = Pickles.start()
                .raw("\u008f(")
                .raw(doubling.toString())
                .raw("\u0090.")
                .bytes();
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            TorchCheckpointTest.assertRefused(folder.resolve("a.pt"), "holds no tensors", "");
            byte[] key = Pickles.start().raw("}]q\u0000h\u0000aK\u0001s.").bytes();
            TorchCheckpointTest.assertRefused(
                    Pickles.zip(folder.resolve("b.pt"), key, Map.of()), "the key of a map", "");
            TorchCheckpointTest.assertRefused(
                    Pickles.zip(folder.resolve("c.pt"), laughs, Map.of()), "holds no tensors", "");
        });
        assertThat(Files.exists(folder.resolve("a.pt"))).isTrue();
    }
}
