package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.nn.StateDict;
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
import org.junit.jupiter.params.provider.ValueSource;

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
                // in the library's own registry, but not allowed by Limbeck
                Arguments.of("decimal.Decimal", "cdecimal\nDecimal\n(S'1'\ntR."),
                Arguments.of("operator.attrgetter", "coperator\nattrgetter\n(S'x'\ntR."),
                Arguments.of("builtins.exec", "cbuiltins\nexec\n(" + argument + "tR."),
                Arguments.of("builtins.__import__", "cbuiltins\n__import__\n(S'os'\ntR."),
                Arguments.of("__builtin__.eval", "c__builtin__\neval\n(S'1'\ntR."),
                Arguments.of("__builtin__.apply", "c__builtin__\napply\n(N(tR."),
                Arguments.of("builtins.map", "cbuiltins\nmap\n(N(tR."),
                Arguments.of("builtins.open", "cbuiltins\nopen\n(S'x'\nS'w'\ntR."),
                Arguments.of("builtins.type", "cbuiltins\ntype\n(S'x'\n)}tR."),
                Arguments.of("codecs.decode", "ccodecs\ndecode\n(S'x'\ntR."),
                Arguments.of("_codecs.decode", "c_codecs\ndecode\n(S'x'\ntR."),
                Arguments.of("runpy.run_path", "crunpy\nrun_path\n(S'x.py'\ntR."),
                Arguments.of("numpy.load", "cnumpy\nload\n(S'x.npy'\ntR."),
                Arguments.of(
                        "numpy.testing._private.utils.runstring",
                        "cnumpy.testing._private.utils\nrunstring\n(S'1'\n}tR."),
                Arguments.of("pickle.loads", "cpickle\nloads\n(S'x'\ntR."),
                Arguments.of("marshal.loads", "cmarshal\nloads\n(S'x'\ntR."),
                Arguments.of("types.FunctionType", "ctypes\nFunctionType\n)R."),
                Arguments.of("types.CodeType", "ctypes\nCodeType\n)R."),
                Arguments.of("importlib.import_module", "cimportlib\nimport_module\n(S'os'\ntR."),
                Arguments.of("torch.jit.load", "ctorch.jit\nload\n(S'x'\ntR."),
                Arguments.of("torch.storage._load_from_bytes", "ctorch.storage\n_load_from_bytes\n(S'x'\ntR."),
                Arguments.of("torch._inductor.codecache.AsyncCompile", "ctorch._inductor.codecache\nAsyncCompile\n)R."),
                Arguments.of("functools.partial", "cfunctools\npartial\n(cos\nsystem\n" + argument + "tR."),
                Arguments.of("pathlib.os.system", "cpathlib\nos.system\n(" + argument + "tR."),
                Arguments.of("collections.OrderedDict.__reduce__", "ccollections\nOrderedDict.__reduce__\n)R."),
                Arguments.of("__main__.Settings", "c__main__\nSettings\n)\u0081}b."),
                // forbidden names inside ignored values: as argument, state, item and key
                Arguments.of("os.system", "ccollections\ndefaultdict\n(cos\nsystem\ntR."),
                Arguments.of("posix.system", "cargparse\nNamespace\n)\u0081}S'run'\ncposix\nsystem\nsb."),
                Arguments.of("os.popen", "cfastcore.foundation\nL\n)\u0081(cos\npopen\ne."),
                Arguments.of("os.execv", "ccollections\nCounter\n)R(cos\nexecv\nK\u0001u."),
                Arguments.of("os.remove", "cnumpy.core.multiarray\n_reconstruct\n(cos\nremove\ntR."),
                // the result of a known class cannot be called
                Arguments.of("calls what is not a known class", "cargparse\nNamespace\n)R(" + argument + "tR."),
                Arguments.of("calls what is not a known class", "cpathlib\nPosixPath\n(S'x'\ntR(tR."),
                Arguments.of("builtins.ValueError", "cbuiltins\nValueError\n)R."),
                // a call of something that is not a class, and of a class given as text
                Arguments.of("calls what is not a known class", "S'os.system'\n(" + argument + "tR."),
                Arguments.of("calls what is not a known class", "}(" + argument + "tR."),
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
    void noCodeRunsAndTheNameIsReported(String named, String pickle) {
        Path touched = folder.resolve("touched");
        byte[] bytes =
                new Pickles().raw(pickle.replace(TOUCHED, touched.toString())).bytes();
        TorchCheckpointTest.assertRefused(Pickles.zip(folder.resolve("a.pt"), bytes, Map.of()), named, "");
        TorchCheckpointTest.assertRefused(
                Pickles.legacy(folder.resolve("a.th"), bytes, Pickles.keys(), new byte[0]), named, "");
        // hidden beside a valid state dict
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
        // in the library, BUILD on a dict would call __setstate__ by reflection
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

    /** Ignored values stay without effect, whatever is done to them, and the weights beside them are read. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cargparse\nNamespace\n)\u0081}X\u0008\u0000\u0000\u0000__dict__}sb",
                "cfastcore.foundation\nL\n)\u0081]a(K\u0001K\u0002eK\u0001K\u0002s(K\u0003K\u0004u]b",
                "ccollections\ndefaultdict\n(cbuiltins\nlist\ntR(K\u0001K\u0002u",
                "ccollections\nCounter\n(}tR(K\u0001K\u0002u",
                "cdatetime\ndatetime\n(U\u0001xtR",
                "cpathlib\nPosixPath\n(U\u0004/etcU\u0006passwdtR",
                "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\u0000tU\u0001btR(K\u0001(K\u0003tNNtb",
                "c__builtin__\nxrange\n(K\u0000K\u0003K\u0001tR",
                "cargparse\nNamespace\n"
            })
    void harmlessValuesArePassedOver(String value) {
        byte[] pickle = Pickles.start()
                .raw("}(")
                .text("beside")
                .raw(value)
                .text("w")
                .tensor("0", 4, 0, new long[] {4}, new long[] {1})
                .raw("u.")
                .bytes();
        Path file = Pickles.zip(folder.resolve("a.pt"), pickle, Map.of("data/0", new byte[16]));
        try (StateDict read = TorchCheckpoint.read(file)) {
            assertThat(read.names()).containsExactly("w");
        }
    }

    /** Limit the list to what PyTorch itself allows, and exclude names of functions that can run code. */
    @Test
    void nothingOnTheListTakesCodeToRun() {
        assertThat(AllowedClasses.values())
                .doesNotHaveDuplicates()
                .noneMatch(
                        name -> name.matches(
                                ".*\\b(eval|exec|compile|getattr|setattr|import_module|__import__|system|popen"
                                        + "|load|loads|open|partial|reduce|map|apply|attrgetter|methodcaller|type|super|vars|globals)"));
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
