package dev.limbeck.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FuzzTest {
    private static final int SECONDS = Integer.getInteger("limbeck.fuzz.seconds", 3);
    private static final int NATIVE_INPUTS = 200;

    @TempDir
    Path temporary;

    static Stream<Target> readers() {
        return Targets.all().stream();
    }

    @ParameterizedTest
    @MethodSource("readers")
    void everySeedIsReadOrRefusedInOneLine(Target target) throws Exception {
        try (Harness harness = new Harness(target, 4)) {
            for (Map.Entry<String, byte[]> seed : new Corpus(target).seeds().entrySet()) {
                assertThat(harness.judge(seed.getValue()).wrong())
                        .as("%s/%s", target.name(), seed.getKey())
                        .isNull();
            }
        }
    }

    /** Each target gets the same share of the time; there are as many processes as cores, up to four. */
    @Test
    void nothingIsFoundInAShortTime() throws Exception {
        for (Target target : Targets.all()) {
            FileUtils.deleteDirectory(Findings.FOLDER.resolve(target.name()).toFile());
        }
        int cores = Math.min(4, Runtime.getRuntime().availableProcessors());
        List<Target> targets = Targets.all();
        ExecutorService pool = Executors.newFixedThreadPool(cores);
        List<Future<String>> running = new ArrayList<>();
        for (int core = 0; core < cores; core++) {
            int first = core;
            List<Target> share = IntStream.range(0, targets.size())
                    .filter(i -> i % cores == first)
                    .mapToObj(targets::get)
                    .toList();
            Path corpus = FileUtils.getFile(temporary.toFile(), "corpus" + core).toPath();
            FileUtils.forceMkdir(corpus.toFile());
            running.add(pool.submit(() -> Jazzers.run(share, SECONDS, corpus, 1)));
        }
        pool.shutdown();
        for (Future<String> one : running) System.out.println("fuzzed: " + one.get());
        List<String> found = new ArrayList<>();
        for (Target target : targets) found.addAll(Jazzers.findings(target));
        assertThat(found).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("natives")
    void nativeCodeSurvivesWhatJavaLetsThrough(Target target) throws Exception {
        FileUtils.deleteDirectory(Findings.FOLDER.resolve(target.name()).toFile());
        Children.count(NATIVE_INPUTS, 1, target);
        assertThat(Jazzers.findings(target)).isEmpty();
    }

    static Stream<Target> natives() {
        return Targets.natives().stream();
    }

    @Test
    void theSameSeedMakesTheSameInputs() throws Exception {
        for (Target target : Targets.all()) {
            Corpus corpus = new Corpus(target);
            for (int seed = 0; seed < 50; seed++) {
                assertThat(corpus.input(Choices.seeded(seed))).isEqualTo(corpus.input(Choices.seeded(seed)));
            }
        }
    }
}
