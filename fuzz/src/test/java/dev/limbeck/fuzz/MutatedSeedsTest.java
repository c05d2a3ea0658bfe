package dev.limbeck.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MutatedSeedsTest {
    private static final int INPUTS = Integer.getInteger("limbeck.fuzz.inputs", 2_000);

    static Stream<Target> readers() {
        return Targets.all().stream();
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
