package dev.limbeck.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test mutants of every reader's seeds. */
abstract class MutatedSeeds {
    private static final int INPUTS = Integer.getInteger("limbeck.fuzz.inputs", 2_000);

    /** Return every second reader, so that two JVMs share the work. */
    static Stream<Target> half(int first) {
        List<Target> all = Targets.all();
        return IntStream.range(0, all.size()).filter(i -> i % 2 == first).mapToObj(all::get);
    }

    /** Use the same inputs in every build, so that it fails only if the code has changed. */
    @ParameterizedTest
    @MethodSource("readers")
    void mutatedSeedsAreReadOrRefusedInOneLine(Target target) throws Exception {
        FileUtils.deleteDirectory(Findings.FOLDER.resolve(target.name()).toFile());
        assertThat(Campaign.run(target, INPUTS, 1)).isFalse();
        assertThat(Jazzers.findings(target)).isEmpty();
    }
}
