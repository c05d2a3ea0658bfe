package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void freesWhatWasMadeInside() {
        Tensor made;
        try (Scope scope = Scope.open()) {
            made = Tensors.randn(3);
            assertThat(made.isNull()).isFalse();
        }
        assertThat(made.isNull()).isTrue();
    }

    @Test
    void leavesWhatWasMadeBefore() {
        try (Tensor before = Tensors.of(new float[] {1, 2}, 2)) {
            try (Scope scope = Scope.open()) {
                Ops.add(before, 1);
            }
            assertThat(Tensors.toFloats(before)).containsExactly(1, 2);
        }
    }

    @Test
    void freesInnerScopesFirst() {
        try (Scope outer = Scope.open()) {
            Tensor early = Tensors.randn(2);
            Tensor inside;
            try (Scope inner = Scope.open()) {
                inside = Tensors.randn(2);
            }
            Tensor late = Tensors.randn(2);
            assertThat(inside.isNull()).isTrue();
            assertThat(early.isNull()).isFalse();
            assertThat(late.isNull()).isFalse();
        }
    }

    @Test
    void promotesToTheOuterScope() {
        Tensor result;
        try (Scope outer = Scope.open()) {
            try (Scope inner = Scope.open()) {
                result = inner.promote(Tensors.of(new float[] {5}, 1));
            }
            assertThat(result.item_double()).isEqualTo(5);
        }
        assertThat(result.isNull()).isTrue();
    }

    @Test
    void promotesToTheCallerWithoutAnOuterScope() {
        Tensor result;
        try (Scope scope = Scope.open()) {
            result = scope.promote(Tensors.of(new float[] {5}, 1));
        }
        assertThat(result.item_double()).isEqualTo(5);
        result.close();
        assertThat(result.isNull()).isTrue();
    }

    @Test
    void promotesThroughSeveralScopes() {
        Tensor result;
        try (Scope outer = Scope.open()) {
            try (Scope middle = Scope.open()) {
                try (Scope inner = Scope.open()) {
                    result = inner.promote(Tensors.of(new float[] {5}, 1));
                }
                result = middle.promote(result);
            }
            assertThat(result.item_double()).isEqualTo(5);
        }
        assertThat(result.isNull()).isTrue();
    }

    @Test
    void promotesSeveralTensorsAndOneTwice() {
        Tensor one;
        Tensor other;
        try (Scope outer = Scope.open()) {
            try (Scope inner = Scope.open()) {
                one = inner.promote(Tensors.full(3, DType.FLOAT32));
                other = inner.promote(Tensors.full(4, DType.FLOAT32));
                assertThat(inner.promote(one).item_double()).isEqualTo(3);
            }
            assertThat(one.item_double() + other.item_double()).isEqualTo(7);
        }
        assertThat(one.isNull()).isTrue();
        assertThat(other.isNull()).isTrue();
    }

    @Test
    void promotesAMemberOfATupleWithItsGradient() {
        try (Scope outer = Scope.open()) {
            Tensor x = Tensors.of(new float[] {1, 5, 2, 4}, 2, 2);
            x.set_requires_grad(true);
            Tensor greatest;
            try (Scope inner = Scope.open()) {
                greatest = inner.promote(torch.max(Ops.mul(x, 3), 1L).get0());
            }
            assertThat(Tensors.toFloats(greatest)).containsExactly(15, 12);
            greatest.sum().backward();
            assertThat(Tensors.toFloats(x.grad())).containsExactly(0, 3, 0, 3);
        }
    }

    @Test
    void retainLetsATensorOutliveEveryScopeUntilItIsClosed() {
        Tensor kept;
        try (Scope outer = Scope.open();
                Scope inner = Scope.open()) {
            kept = Scope.retain(Tensors.of(new float[] {7}, 1));
        }
        assertThat(kept.item_double()).isEqualTo(7);
        kept.close();
        assertThat(kept.isNull()).isTrue();
    }

    @Test
    void keepsTheCountOfNativeBytesFlat() {
        long before = 0;
        for (int i = 0; i < 200; i++) {
            try (Scope scope = Scope.open()) {
                Ops.softmax(Ops.mul(Tensors.randn(4, 4), 2), 1);
            }
            if (i == 20) before = Engine.countedBytes();
        }
        assertThat(Engine.countedBytes()).isLessThanOrEqualTo(before);
    }
}
