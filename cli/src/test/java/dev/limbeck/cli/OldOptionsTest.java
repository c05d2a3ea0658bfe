package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OldOptionsTest {
    @Test
    void optionsOfOlderVersionsWorkAndSayTheirNewNames() {
        Cli.Answer answer = Cli.run(
                "distill",
                "--data",
                "shapes",
                "--teacher",
                "nowhere",
                "--arch",
                "cifar-resnet8",
                "--weight=0.5",
                "--clip",
                "1",
                "--no-flip",
                "--out",
                "never");
        assertThat(answer.err())
                .contains("limbeck: --weight is called --kd-weight now")
                .contains("limbeck: --clip is called --clip-grad-norm now")
                .contains("limbeck: --no-flip is called --no-hflip now")
                .contains("nowhere")
                .doesNotContain("no option");
    }
}
