package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.ClosedForm;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.FeatureLoss.Needs;
import dev.limbeck.distill.loss.HiddenCosine;
import dev.limbeck.distill.loss.HiddenStates;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.loss.SelfAttention;
import dev.limbeck.distill.loss.TokenLoss;
import dev.limbeck.distill.loss.ValueRelation;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Test the losses on tokens. PyTorch 2.13 computed the expected values in float64, each text alone and without its padding: {@code
 * mse_loss}, {@code CosineEmbeddingLoss}, {@code kl_div} of {@code log_softmax}.
 */
class TokenLossTest {
    private static final int TEXTS = 3;
    private static final int LENGTH = 5;
    /** The last text has padding in its middle, which no tokenizer writes, but a mask may say. */
    private static final long[] SEEN = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0};

    private static final int STUDENT_WIDTH = 8;

    static Stream<Arguments> golden() {
        return Stream.of(
                Arguments.of(new HiddenStates(), 6, 6, 2.5301305666692997, 0.40802124359858616),
                Arguments.of(new HiddenCosine(), 6, 6, 1.1316309237370952, 0.0969935781618914),
                Arguments.of(new ValueRelation(4), STUDENT_WIDTH, 12, 0.6988379730681885, 0.14227517807994342),
                Arguments.of(new ValueRelation(1), STUDENT_WIDTH, 12, 0.4530960977658927, 0.09837554823486157),
                Arguments.of(new SelfAttention(2), STUDENT_WIDTH, 12, 0.9832229802551818, 0.190425039061965));
    }

    private static Stream<TokenLoss> losses() {
        return Stream.of(new HiddenStates(), new HiddenCosine(), new ValueRelation(2), new SelfAttention(2));
    }

    private static Tensor mask() {
        return Ops.ne(Tensors.of(SEEN.clone(), TEXTS, LENGTH), 0);
    }

    private static Tensor[] student(TokenLoss loss, long width) {
        double[] phases = {0.2, 0.9};
        return Stream.iterate(0, i -> i < loss.layers(), i -> i + 1)
                .map(i -> ClosedForm.float64(k -> 1.5 * Math.sin(0.7 * k + phases[i]), TEXTS, LENGTH, width))
                .toArray(Tensor[]::new);
    }

    private static List<Tensor> teacher(TokenLoss loss, long width) {
        double[] phases = {0, 0.5};
        return Stream.iterate(0, i -> i < loss.layers(), i -> i + 1)
                .map(i -> ClosedForm.float64(k -> 1.5 * Math.cos(0.31 * k + phases[i]), TEXTS, LENGTH, width))
                .toList();
    }

    private static Tensor compute(TokenLoss loss, Tensor[] student, List<Tensor> teacher) {
        return loss.rows(List.of(student), teacher, mask()).mean();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void equalsThePyTorchReference(TokenLoss loss, long own, long other, double value, double norm) {
        try (Scope scope = Scope.open()) {
            Tensor[] student = student(loss, own);
            for (Tensor layer : student) layer.set_requires_grad(true);
            Tensor found = compute(loss, student, teacher(loss, other));
            found.backward();
            assertThat(found.item_double()).isCloseTo(value, within(1e-10));
            double squares = 0;
            for (Tensor layer : student) for (double g : Tensors.toDoubles(layer.grad())) squares += g * g;
            assertThat(Math.sqrt(squares)).isCloseTo(norm, within(1e-10));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientsEqualFiniteDifferences(TokenLoss loss) {
        try (Scope scope = Scope.open()) {
            List<Tensor> teacher = teacher(loss, 6);
            LossProof.finiteDifferences(x -> compute(loss, x, teacher), student(loss, 6));
        }
    }

    @Test
    void theLinearMapLearnsAsInPyTorch() {
        try (Scope scope = Scope.open()) {
            FeatureBinding pair = binding(new HiddenStates(), 4, 6);
            assertThat(pair.plan())
                    .containsExactly("pair a/b: tokens×4 → tokens×6 by HiddenStates through linear, 30 parameters");
            Module map = pair.modules().get("adapter0");
            map.to(DType.FLOAT64);
            Iterator<Tensor> parameters = map.parameters().values().iterator();
            Tensor weight = parameters.next();
            Tensor bias = parameters.next();
            try (NoGrad noGrad = NoGrad.on()) {
                weight.copy_(ClosedForm.float64(k -> 0.5 * Math.sin(1.1 * k + 0.4), 6, 4));
                bias.copy_(ClosedForm.float64(k -> 0.2 * Math.cos(k), 6));
            }
            Tensor student = student(new HiddenStates(), 4)[0];
            student.set_requires_grad(true);
            Tensor value = rows(pair, List.of(student), teacher(new HiddenStates(), 6), mask())
                    .mean();
            value.backward();
            assertThat(value.item_double()).isCloseTo(2.0554693203821155, within(1e-10));
            assertThat(norm(student)).isCloseTo(0.30318004961692474, within(1e-10));
            assertThat(norm(weight)).isCloseTo(1.219883472743996, within(1e-10));
            assertThat(norm(bias)).isCloseTo(0.28289805574879273, within(1e-10));
            map.parameters().values().forEach(Tensors::clearGrad);
            Tensor input = student(new HiddenStates(), 4)[0];
            LossProof.finiteDifferences(
                    map.parameters(),
                    () -> rows(pair, List.of(input), teacher(new HiddenStates(), 6), mask())
                            .mean());
        }
    }

    private static double norm(Tensor tensor) {
        return Math.sqrt(
                Arrays.stream(Tensors.toDoubles(tensor.grad())).map(g -> g * g).sum());
    }

    private static FeatureBinding binding(TokenLoss loss, long own, long other) {
        List<String> ours = List.of("a", "c").subList(0, loss.layers());
        List<String> theirs = List.of("b", "d").subList(0, loss.layers());
        List<FeatureForm> student = new ArrayList<>();
        List<FeatureForm> teacher = new ArrayList<>();
        for (int i = 0; i < loss.layers(); i++) {
            student.add(FeatureForm.of(LENGTH, own));
            teacher.add(FeatureForm.of(LENGTH, other));
        }
        return new FeatureBinding(FeaturePair.of(ours, theirs).loss(loss), student, teacher, new int[] {0, 1, 0});
    }

    private static Tensor rows(FeatureBinding pair, List<Tensor> ours, List<Tensor> theirs, Tensor mask) {
        return pair.rows(
                ours,
                theirs,
                Tensors.of(new long[TEXTS], TEXTS),
                new int[] {0, 1, 2},
                new FeatureBinding.Masks(mask, mask));
    }

    /** The values on padding are anything at all, even NaN, in both networks. */
    @ParameterizedTest
    @MethodSource("losses")
    void paddingChangesNothing(TokenLoss loss) {
        for (double filling : new double[] {0, 1e6, Double.NaN}) {
            try (Scope scope = Scope.open()) {
                FeatureBinding pair = binding(loss, 6, 6);
                Tensor[] plain = student(loss, 6);
                for (Tensor layer : plain) layer.set_requires_grad(true);
                Tensor expected = rows(pair, List.of(plain), teacher(loss, 6), mask());
                expected.sum().backward();
                List<Tensor> longer = Arrays.stream(plain)
                        .map(layer -> padded(layer.detach(), filling))
                        .toList();
                longer.forEach(layer -> layer.set_requires_grad(true));
                List<Tensor> theirs = teacher(loss, 6).stream()
                        .map(layer -> padded(layer, filling))
                        .toList();
                Tensor mask = Ops.ne(Ops.padLast(Tensors.of(SEEN.clone(), TEXTS, LENGTH), 0, 4, 0), 0);
                Tensor found = rows(pair, longer, theirs, mask);
                found.sum().backward();
                assertThat(Tensors.toDoubles(found)).containsExactly(Tensors.toDoubles(expected), within(1e-12));
                for (int i = 0; i < plain.length; i++) {
                    double[] before = Tensors.toDoubles(plain[i].grad());
                    double[] after = Tensors.toDoubles(longer.get(i).grad());
                    for (int at = 0; at < after.length; at++) {
                        int text = at / ((LENGTH + 4) * 6);
                        int token = at / 6 % (LENGTH + 4);
                        boolean real = token < LENGTH && SEEN[text * LENGTH + token] == 1;
                        if (real) {
                            double own = before[(text * LENGTH + token) * 6 + at % 6];
                            assertThat(after[at]).isCloseTo(own, within(1e-12));
                        } else {
                            assertThat(after[at]).isZero();
                        }
                    }
                }
            }
        }
    }

    /** Append four tokens, and fill them and all other padding. */
    private static Tensor padded(Tensor tokens, double filling) {
        Tensor mask = mask().unsqueeze(2);
        Tensor inside = Ops.where(mask, tokens, filling);
        return Ops.padLast(inside.transpose(1, 2), 0, 4, filling)
                .transpose(1, 2)
                .contiguous()
                .detach();
    }

    @ParameterizedTest
    @MethodSource("losses")
    void aTextOfPaddingAloneCountsNothing(TokenLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor[] student = student(loss, 6);
            for (Tensor layer : student) layer.set_requires_grad(true);
            Tensor none = Ops.ne(Tensors.of(new long[TEXTS * LENGTH], TEXTS, LENGTH), 0);
            Tensor found = loss.rows(List.of(student), teacher(loss, 6), none);
            found.sum().backward();
            assertThat(Tensors.toDoubles(found)).containsOnly(0);
            for (Tensor layer : student)
                assertThat(Tensors.toDoubles(layer.grad())).containsOnly(0);
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void equalLayersHaveNothingToLearn(TokenLoss loss) {
        try (Scope scope = Scope.open()) {
            List<Tensor> same = teacher(loss, 6);
            assertThat(Tensors.toDoubles(loss.rows(same, same, mask()))).containsOnly(new double[] {0}, within(1e-12));
        }
    }

    /** Relations do not see a turn of the space in which each head's vectors lie, so widths need no map. */
    @Test
    void relationsIgnoreTurnsOfTheSpace() {
        try (Scope scope = Scope.open()) {
            ValueRelation loss = new ValueRelation(1);
            List<Tensor> teacher = teacher(loss, 2);
            double c = Math.cos(0.8);
            double s = Math.sin(0.8);
            Tensor turn = ClosedForm.float64(k -> new double[] {c, s, -s, c}[k], 2, 2);
            List<Tensor> turned = List.of(teacher.get(0).matmul(turn));
            assertThat(Tensors.toDoubles(loss.rows(turned, teacher, mask())))
                    .containsOnly(new double[] {0}, within(1e-12));
            assertThat(loss.needs()).isEqualTo(Needs.NOTHING);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "64x8x8 | 5x6 | compares layers of tokens×width, found 64×8×8 and 5×6; name such layers of both networks, or use fitnet",
                "6 | 6 | compares layers of tokens×width, found 6 and 6; name such layers of both networks, or use fitnet",
                "5x6 | 9x6 | compares token by token, found 5 tokens of the student and 9 of the teacher; name layers with the same tokens, or use fitnet"
            })
    void whatIsNoSequenceOfTheSameTokensIsOneLine(String own, String other, String message) {
        assertThatThrownBy(() -> new FeatureBinding(
                        FeaturePair.of("a", "b").loss(new HiddenStates()),
                        List.of(FeatureForm.of(shape(own))),
                        List.of(FeatureForm.of(shape(other))),
                        new int[1]))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("pair a/b: HiddenStates " + message);
    }

    private static long[] shape(String text) {
        return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
    }

    @Test
    void headsDivideBothWidths() {
        assertThatThrownBy(() -> binding(new ValueRelation(4), 8, 6))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("ValueRelation needs heads that divide the widths of both networks, found 4 heads and "
                        + "widths 8 and 6; set heads");
        assertThatThrownBy(() -> Losses.byName("self-attention").features(Map.of("heads", 0)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("heads must be at least 1, found 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hidden-states", "hidden-cosine", "self-attention", "value-relation"})
    void areRegistered(String name) {
        assertThat(Losses.byName(name).features(Map.of())).isInstanceOf(TokenLoss.class);
    }
}
