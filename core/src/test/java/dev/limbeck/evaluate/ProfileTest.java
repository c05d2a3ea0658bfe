package dev.limbeck.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileTest {
    @Test
    void countsTheMultiplicationsOfThePaper() {
        try (Module resnet = Zoo.RESNET18.create(1000)) {
            // 1.8 GFLOPs in He et al., Table 1, which counts a multiply–add as one.
            assertThat(Summary.of(resnet, List.of(InputSpec.floats(3, 224, 224)))
                            .macs())
                    .isEqualTo(1_814_073_344L);
        }
        try (Module resnet = Zoo.CIFAR_RESNET8.create(10)) {
            Summary summary = Summary.of(resnet, List.of(InputSpec.floats(3, 32, 32)));
            assertThat(summary.macs())
                    .as("of one image, whatever the batch")
                    .isEqualTo(Summary.of(resnet, List.of(InputSpec.floats(3, 32, 32)))
                            .macs());
            assertThat(summary.rows().stream()
                            .filter(row -> row.path().equals("linear"))
                            .findFirst()
                            .orElseThrow()
                            .macs())
                    .isEqualTo(640);
        }
    }

    @Test
    void measures() {
        try (Module resnet = Zoo.CIFAR_RESNET8.create(10)) {
            Profile profile = Profile.of(resnet, 1234, 4, 5, List.of(InputSpec.floats(3, 32, 32)));
            assertThat(profile.parameters()).isEqualTo(75_290);
            assertThat(profile.bytes()).isEqualTo(1234);
            assertThat(profile.one().p50())
                    .isPositive()
                    .isLessThanOrEqualTo(profile.one().p90());
            assertThat(profile.one().p90()).isLessThanOrEqualTo(profile.one().p99());
            assertThat(profile.throughput()).isEqualTo(4000 / profile.many().p50());
            assertThat(profile.memory()).isNotNegative();
        }
    }
}
