package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InputSpecTest {
    private static final InputSpec IDS = InputSpec.ids("ids", 5, 0, InputSpec.FREE);
    private static final InputSpec IMAGE = InputSpec.floats(3, 4, 4);

    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void examplesAreTheSameEachTimeAndFitTheirSpec() {
        for (InputSpec spec : List.of(IDS, IMAGE)) {
            Tensor first = spec.example(3);
            assertThat(DType.of(first)).isEqualTo(spec.type());
            assertThat(first.size(0)).isEqualTo(3);
            assertThat(Tensors.toDoubles(first)).isEqualTo(Tensors.toDoubles(spec.example(3)));
            spec.check(first);
        }
        assertThat(Tensors.toLongs(IDS.example(2))).contains(0, 4).doesNotContain(5, -1);
        Tensors.seed(1);
        float before = Tensors.toFloats(Tensors.randn(1))[0];
        Tensors.seed(1);
        IMAGE.example(2);
        assertThat(Tensors.toFloats(Tensors.randn(1))[0])
                .as("the generator is left alone")
                .isEqualTo(before);
    }

    @Test
    void whatDiffersIsSaid() {
        IDS.check(Tensors.zeros(DType.INT64, 2, 77));
        assertThatThrownBy(() -> IDS.check(Tensors.zeros(DType.FLOAT32, 2, 7)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("input 'ids' must be int64 N×?, found float32 2×7");
        assertThatThrownBy(() -> IMAGE.check(Tensors.zeros(DType.FLOAT32, 2, 3, 4, 5)))
                .hasMessage("input 'x' must be float32 N×3×4×4, found float32 2×3×4×5");
        assertThatThrownBy(() -> IMAGE.check(Tensors.zeros(DType.FLOAT32, 2, 3)))
                .hasMessageContaining("found float32 2×3");
        assertThatThrownBy(() -> InputSpec.floats(3, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new InputSpec("x", DType.FLOAT32, new long[] {1}, 0, 7))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void inputsAreKnownByNameInTheirOrder() {
        Map<String, Tensor> both = new LinkedHashMap<>();
        both.put("ids", IDS.example(2));
        both.put("mask", Tensors.zeros(DType.FLOAT32, 2, 8));
        Inputs inputs = Inputs.of(both);
        assertThat(inputs.names()).containsExactly("ids", "mask");
        assertThat(inputs.rows()).isEqualTo(2);
        assertThat(inputs.map(tensor -> tensor.narrow(0, 0, 1)).rows()).isEqualTo(1);
        assertThatThrownBy(inputs::only)
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected one input, found 2 (ids, mask)");
        assertThatThrownBy(() -> inputs.get("id")).hasMessageContaining("nearest: ids");
        assertThat(Inputs.of(both.get("ids")).only()).isSameAs(both.get("ids"));
        assertThat(Inputs.example(List.of(IDS, IMAGE), 4).tensors()).containsOnlyKeys("ids", "x");
    }
}
