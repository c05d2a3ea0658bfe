package dev.limbeck.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.limbeck.text.Tokenizer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the life of native tokenizers: threads, memory, and what the process opens. */
class NativeTokenizerTest {
    @TempDir
    Path home;

    @Test
    void threadsShareOne() throws Exception {
        Tokenizer tokenizer = Resources.tokenizer("unigram", 100);
        List<String> texts = List.of("where is my card", "", "the café 😀", "x".repeat(500));
        List<long[]> expected = texts.stream().map(tokenizer::encode).toList();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                all.add(pool.submit(() -> {
                    for (int i = 0; i < 500; i++) {
                        int k = i % texts.size();
                        assertThat(tokenizer.withMost(100).encode(texts.get(k))).isEqualTo(expected.get(k));
                    }
                    return true;
                }));
            }
            for (Future<Boolean> one : all)
                assertThat(one.get(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void equalOnesAreSharedAndOthersFreed() throws Exception {
        String json = Resources.text("bpe.json");
        Tokenizer held = Resources.of("bpe", json, 7);
        for (int i = 0; i < 200; i++) Resources.of("bpe", json.replace("\"!\":5", "\"!" + i + "\":5"), 8 + i);
        for (int i = 0; i < 100 && NativeTokenizer.open() > 50; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertThat(NativeTokenizer.open()).isLessThanOrEqualTo(50);
        int before = NativeTokenizer.open();
        Tokenizer same = Resources.of("bpe", json, 9);
        assertThat(NativeTokenizer.open()).isLessThanOrEqualTo(before);
        assertThat(same.encode("my card")).isEqualTo(held.encode("my card"));
    }

    @Test
    void encodingKeepsNoMemory() throws IOException {
        Path pages = Path.of("/proc/self/statm");
        assumeThat(pages).as("a system that tells the memory of a process").exists();
        Tokenizer tokenizer = Resources.tokenizer("bpe", 512);
        String text = "Where is my card? ".repeat(200);
        for (int i = 0; i < 200; i++) tokenizer.encode(text);
        System.gc();
        long before = resident(pages);
        for (int i = 0; i < 500; i++) tokenizer.encode(text);
        System.gc();
        // An encoding of this text that is not freed takes 156 kB: 78 MB in all.
        assertThat(resident(pages) - before).isLessThan(50L << 20);
    }

    private static long resident(Path pages) throws IOException {
        return Long.parseLong(Files.readString(pages).split(" ")[1]) * 4096;
    }

    /** DJL's own loader and reports cannot run: what they need is not there. */
    @Test
    void nothingThatOpensConnectionsIsOnTheClassPath() {
        for (String name : List.of("ai.djl.util.Utils", "ai.djl.util.Ec2Utils", "com.sun.jna.Native")) {
            assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
        }
    }

    /** Watched by strace: a first use opens no connection over a network, and leaves nothing behind. */
    @Test
    void aFirstUseOpensNoConnection() throws Exception {
        Path strace = Path.of("/usr/bin/strace");
        assumeThat(strace).as("strace").exists();
        Path trace = home.resolve("trace");
        Path temporary = Files.createDirectory(home.resolve("tmp"));
        Process process = new ProcessBuilder(
                        strace.toString(),
                        "-f",
                        "-e",
                        "trace=connect,sendto,openat",
                        "-o",
                        trace.toString(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-Duser.home=" + home,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path").replace(File.pathSeparator + File.pathSeparator, ":"),
                        Once.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("out").toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String out = Files.readString(home.resolve("out"));
        assumeThat(out).as("a system that lets strace watch").doesNotContain("PTRACE", "Operation not permitted");
        assertThat(process.exitValue()).as(out).isZero();
        assertThat(out).contains("[0, 270, 291, 358, 225, 397, 405, 35, 2]");
        List<String> lines = Files.readAllLines(trace);
        assertThat(lines).anyMatch(line -> line.contains("libtokenizers.so"));
        assertThat(lines).noneMatch(line -> line.contains("AF_INET") || line.contains("/resolv.conf"));
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(file -> !file.getFileName().toString().startsWith("hsperf")))
                    .isEmpty();
        }
        assertThat(home.resolve(".djl.ai")).doesNotExist();
    }

    /** Encode one text in a process of its own. */
    static final class Once {
        private Once() {}

        public static void main(String... arguments) throws IOException {
            System.out.println(
                    java.util.Arrays.toString(Resources.tokenizer("bpe", 100).encode("Where is my card?")));
        }
    }
}
