package dev.limbeck.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRecordTest {
    @TempDir
    Path home;

    /** Records may come from other versions and programs; missing values must be displayed as empty. */
    @Test
    void whatARecordDoesNotSayIsEmpty() throws IOException {
        RunRecord run = RunRecord.read(Files.writeString(
                home.resolve("run.json"),
                "{\"limbeck\": \"0.1.0\", \"engine\": {\"threads\": 2}, \"training\": {\"steps\": 3},"
                        + " \"results\": {\"valid\": {\"loss\": null, \"accuracy\": 0.5}}}"));
        assertThat(run.limbeck()).isEqualTo("0.1.0");
        assertThat(new String[] {
                    run.started(),
                    run.finished(),
                    run.modelSha256(),
                    run.dataFingerprint(),
                    run.teacherSha256(),
                    run.engine().libtorch(),
                    run.engine().java(),
                    run.engine().system(),
                    run.engine().cpuCapability(),
                    run.training().architecture(),
                    run.training().optimizer(),
                    run.training().device(),
                    run.training().precision()
                })
                .containsOnly("");
        assertThat(run.engine().threads()).isEqualTo(2);
        assertThat(run.training().steps()).isEqualTo(3);
        assertThat(run.training().stopped()).isNull();
        assertThat(run.recipe()).isEmpty();
        assertThat(run.epochs()).isEmpty();
        assertThat(run.results().metric(Split.VALID, "accuracy")).isEqualTo(0.5);
        assertThat(run.results().of(Split.VALID).loss()).isNaN();
        assertThat(run.results().metric(Split.TEST, "accuracy")).isNaN();
    }

    @Test
    void aPartOfAnotherKindIsNamed() throws IOException {
        Path file = Files.writeString(home.resolve("run.json"), "{\"training\": {\"steps\": \"many\"}}");
        assertThatThrownBy(() -> RunRecord.read(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(file + ": is not as it was written: training.steps is of another kind; make it again");
    }
}
