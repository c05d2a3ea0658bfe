package dev.limbeck.distributed;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Test two members of a group, in two threads of one process. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessGroupTest {
    private static <T> List<T> together(Function<ProcessGroup, T> work) throws Exception {
        int port = Rendezvous.freePort(InetAddress.getLoopbackAddress());
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<T>> both = List.of(() -> join(0, port, work), () -> join(1, port, work));
            List<Future<T>> ended = threads.invokeAll(both);
            return List.of(ended.get(0).get(), ended.get(1).get());
        } finally {
            threads.shutdown();
        }
    }

    private static <T> T join(int rank, int port, Function<ProcessGroup, T> work) {
        Rendezvous where = new Rendezvous(rank, 2, "127.0.0.1", port, false, 0, "127.0.0.1");
        try (ProcessGroup group = joined(where);
                Scope scope = Scope.open()) {
            return work.apply(group);
        }
    }

    /** Join in a scope that is closed before the group is used. */
    private static ProcessGroup joined(Rendezvous where) {
        try (Scope before = Scope.open()) {
            return ProcessGroup.join(where, Duration.ofSeconds(20));
        }
    }

    @Test
    void aLocalRankThatIsNoNumberIsRefused() {
        assertThat(Rendezvous.localRank(Map.of())).isEmpty();
        assertThat(Rendezvous.localRank(Map.of("LOCAL_RANK", "3"))).hasValue(3);
        for (String wrong : List.of("x", "1.5", "-1", "99999999999")) {
            assertThatThrownBy(() -> Rendezvous.localRank(Map.of("LOCAL_RANK", wrong)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("the environment variable LOCAL_RANK must be ")
                    .hasMessageContaining("found " + wrong + "; correct it");
        }
    }

    @Test
    void gradientsAreSummedAlsoWhenTheBackwardPassHasAScopeOfItsOwn() throws Exception {
        List<float[]> gradients = together(group -> {
            Tensor used = Tensors.full(2, DType.FLOAT32, 3).set_requires_grad(true);
            Tensor onlyInOne = Tensors.full(1, DType.FLOAT32, 1).set_requires_grad(true);
            Tensor unused = Tensors.full(1, DType.FLOAT32, 1).set_requires_grad(true);
            group.begin(List.of(used, onlyInOne, unused));
            for (int batch = 0; batch < 2; batch++) {
                try (Scope step = Scope.open()) {
                    if (batch == 1) group.beforeLastBackward();
                    Tensor loss = used.mul(used).sum();
                    if (group.rank() == 1) loss = loss.add(onlyInOne.sum());
                    loss.backward();
                }
            }
            assertThat(group.sumGradients(2)).isEqualTo(4);
            assertThat(Tensors.hasGrad(unused)).isFalse();
            float[] found = Tensors.toFloats(Ops.cat(0, used.grad(), onlyInOne.grad()));
            group.end();
            return found;
        });
        // 2 × 2 for each of four batches; 1 for each of the two batches of one member.
        assertThat(gradients.get(0)).containsExactly(16, 16, 16, 2);
        assertThat(gradients.get(1)).containsExactly(gradients.get(0));
    }

    /** As in the first epochs of a fine-tuning. */
    @Test
    void frozenParametersTakeNoPart() throws Exception {
        List<float[]> gradients = together(group -> {
            Tensor frozen = Tensors.full(1, DType.FLOAT32, 2);
            Tensor used = Tensors.full(2, DType.FLOAT32, 3).set_requires_grad(true);
            group.begin(List.of(frozen, used));
            group.beforeLastBackward();
            used.mul(used).sum().add(frozen.sum()).backward();
            assertThat(group.sumGradients(1)).isEqualTo(2);
            assertThat(Tensors.hasGrad(frozen)).isFalse();
            float[] found = Tensors.toFloats(used.grad());
            group.end();
            return found;
        });
        assertThat(gradients).allSatisfy(found -> assertThat(found).containsExactly(8, 8, 8));
    }

    @Test
    void aRestartIsKnownAlsoIfThereIsOneProcess() {
        Map<String, String> alone = Map.of("RANK", "0", "WORLD_SIZE", "1", "TORCHELASTIC_RESTART_COUNT", "2");
        assertThat(Rendezvous.of(alone)).isEmpty();
        assertThat(Rendezvous.attempt(alone)).isEqualTo(2);
        assertThat(Rendezvous.attempt(Map.of())).isZero();
    }

    @Test
    void halvesGiveTheGradientOfTheWholeBatch() throws Exception {
        Tensors.seed(0);
        float[] weights = Tensors.toFloats(Tensors.randn(10, 300));
        float[] rows = Tensors.toFloats(Tensors.randn(64, 300));
        float[] whole = gradient(weights, rows, null);
        for (float[] halves : together(group -> gradient(
                weights, Arrays.copyOfRange(rows, group.rank() * 32 * 300, (group.rank() + 1) * 32 * 300), group))) {
            for (int i = 0; i < whole.length; i++) assertThat(halves[i]).isCloseTo(whole[i], within(1e-5f));
        }
    }

    private static float[] gradient(float[] weights, float[] rows, @Nullable ProcessGroup group) {
        try (Scope scope = Scope.open()) {
            Tensor matrix = Tensors.of(weights, 10, 300).set_requires_grad(true);
            Tensor x = Tensors.of(rows, rows.length / 300, 300);
            long[] labels = new long[rows.length / 300];
            for (int i = 0; i < labels.length; i++) labels[i] = i % 8;
            if (group != null) group.begin(List.of(matrix));
            Tensor logits = LayerOps.linear(x, matrix, null);
            Tensor loss = Ops.crossEntropy(logits, Tensors.of(labels, labels.length));
            if (group != null) group.beforeLastBackward();
            loss.backward();
            int batches = group == null ? 1 : group.sumGradients(1);
            float[] found = Tensors.toFloats(matrix.grad());
            for (int i = 0; i < found.length; i++) found[i] /= batches;
            if (group != null) group.end();
            return found;
        }
    }

    @Test
    void textsAndTensorsAreExchanged() throws Exception {
        List<List<String>> texts = together(group -> {
            Tensor one = Tensors.full(group.rank() + 1, DType.FLOAT32, 2);
            group.broadcast(List.of(one));
            assertThat(Tensors.toFloats(one)).containsExactly(1, 1);
            assertThat(group.sum(group.rank(), 5)).containsExactly(1, 10);
            return group.gather(group.rank() == 0 ? "é" : "");
        });
        assertThat(texts).containsExactly(List.of("é", ""), List.of("é", ""));
    }

    @Test
    void aDifferenceIsShownToAll() {
        assertThatThrownBy(() -> together(group -> {
                    group.agree("recipe", "epochs: " + (group.rank() + 1));
                    return 0;
                }))
                .cause()
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("processes 0 and 1 must have the same recipe");
    }

    @Test
    void onlyTwoClassesCallTheEngine() {
        noClasses()
                .that()
                .doNotHaveSimpleName("C10d")
                .and()
                .haveNameNotMatching(".*GradientBuckets.*")
                .should()
                .dependOnClassesThat(com.tngtech.archunit.base.DescribedPredicate.describe(
                        "are the engine's, but not tensors",
                        type -> type.getPackageName().startsWith("org.bytedeco")
                                && !type.getName().matches(".*\\.(Tensor|TensorBase|AbstractTensor|Pointer)")))
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.limbeck.distributed"));
    }
}
