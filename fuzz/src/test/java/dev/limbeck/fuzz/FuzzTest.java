package dev.limbeck.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FuzzTest {
    /** Seconds of Jazzer for each target; with 0, the test only checks that Jazzer runs. */
    private static final int SECONDS = Integer.getInteger("limbeck.fuzz.seconds", 0);

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
            boolean read = false;
            for (Map.Entry<String, byte[]> seed : new Corpus(target).seeds().entrySet()) {
                Harness.Verdict verdict = harness.judge(seed.getValue());
                assertThat(verdict.wrong())
                        .as("%s/%s", target.name(), seed.getKey())
                        .isNull();
                read |= !verdict.refused();
            }
            // Mutants of refused files alone would never reach the depths of a reader.
            assertThat(read).as("%s has a seed that is read", target.name()).isTrue();
        }
    }

    /**
     * Fail only if a search was requested: Jazzer's choices depend on time, and a chance finding must not break a
     * build.
     */
    @Test
    void jazzerFindsNothing() throws Exception {
        List<Target> targets = SECONDS > 0 ? Targets.all() : List.of(Targets.named("idx"));
        String said = Jazzers.run(targets, SECONDS > 0 ? SECONDS : 5, temporary, 1);
        System.out.println("fuzzed: " + said);
        assertThat(said).matches("[1-9]\\d+ inputs in \\d+ s");
        List<String> found = new ArrayList<>();
        for (Target target : targets) found.addAll(Jazzers.findings(target));
        if (SECONDS > 0) assertThat(found).isEmpty();
        else found.forEach(System.out::println);
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
