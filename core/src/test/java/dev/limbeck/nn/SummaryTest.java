package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.TinyNet;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryTest {
    private final Module net = new TinyNet(3);

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void countsParametersAndShapesOfEveryLayer() {
        Summary summary = Summary.of(net, List.of(InputSpec.floats(3, 8, 8)));
        assertThat(summary.rows()).extracting(Summary.Row::path).containsExactly("", "conv", "bn", "pool", "fc");
        assertThat(summary.rows())
                .extracting(Summary.Row::type)
                .containsExactly("TinyNet", "Conv2d", "BatchNorm2d", "AdaptiveAvgPool2d", "Linear");
        assertThat(summary.rows()).extracting(Summary.Row::parameters).containsExactly(0L, 108L, 8L, 0L, 51L);
        assertThat(summary.rows())
                .extracting(row -> Tensors.shapeText(row.output()))
                .containsExactly("1×3", "1×4×4×4", "1×4×4×4", "1×4×2×2", "1×3");
        assertThat(summary.parameters()).isEqualTo(167);
        assertThat(summary.trainable()).isEqualTo(167);
    }

    @Test
    void tellsFrozenParametersFromTrainableOnes() {
        net.module("fc").freeze();
        Summary summary = Summary.of(net, List.of(InputSpec.floats(3, 8, 8)));
        assertThat(summary.parameters()).isEqualTo(167);
        assertThat(summary.trainable()).isEqualTo(116);
    }

    @Test
    void leavesNoTrace() {
        try (Scope scope = Scope.open()) {
            net.apply(Tensors.randn(4, 3, 8, 8));
        }
        net.module("bn").eval();
        String before = net.sha256();
        Summary.of(net, List.of(InputSpec.floats(3, 8, 8)));
        assertThat(net.sha256()).isEqualTo(before);
        assertThat(net.hookCount()).isZero();
        assertThat(net.isTraining()).isTrue();
        assertThat(net.module("bn").isTraining()).isFalse();
        assertThat(net.parameters().values()).noneMatch(Tensors::hasGrad);
    }

    @Test
    void leavesNoTraceWhenTheInputDoesNotFit() {
        String before = net.sha256();
        assertThatThrownBy(() -> Summary.of(net, List.of(InputSpec.floats(5, 8, 8))))
                .isInstanceOf(RuntimeException.class);
        assertThat(net.hookCount()).isZero();
        assertThat(net.isTraining()).isTrue();
        assertThat(net.sha256()).isEqualTo(before);
    }

    @Test
    void probesNetworksOfOtherTypes() {
        net.to(DType.FLOAT64);
        assertThat(Summary.of(net, List.of(InputSpec.floats(3, 8, 8))).parameters())
                .isEqualTo(167);
    }

    /** Eight ids: rows are looked up without products; 10, 11 and 12 windows of 3, 4 and 5 ids; two directions of an LSTM. */
    @ParameterizedTest
    @CsvSource({"text-cnn-2, 554", "bilstm-2, 524", "bag-2, 6"})
    void countsProductsOfTexts(String name, long macs) {
        String input = name.startsWith("bag") ? InputSpec.IDS : InputSpec.WORDS;
        List<InputSpec> inputs = List.of(InputSpec.ids(input, 11, 0, InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(3, inputs)) {
            assertThat(Summary.of(network, inputs).macs()).isEqualTo(macs);
        }
    }

    @Test
    void writesATableThatReadsTheSameEverywhere() {
        Locale before = Locale.getDefault();
        try (Module resnet = Zoo.CIFAR_RESNET8.create(10)) {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat(Summary.of(net, List.of(InputSpec.floats(3, 8, 8)))
                            .toString()
                            .lines())
                    .containsExactly(
                            "layer  type               output               parameters",
                            "       TinyNet            1×3                           0",
                            "conv   Conv2d             1×4×4×4                     108",
                            "bn     BatchNorm2d        1×4×4×4                       8",
                            "pool   AdaptiveAvgPool2d  1×4×2×2                       0",
                            "fc     Linear             1×3                          51",
                            "167 parameters, 167 trainable, 1,776 MACs");
            assertThat(Summary.of(resnet, List.of(InputSpec.floats(3, 16, 16))).toString())
                    .endsWith("75,290 parameters, 75,290 trainable, 3,060,352 MACs");
        } finally {
            Locale.setDefault(before);
        }
    }
}
