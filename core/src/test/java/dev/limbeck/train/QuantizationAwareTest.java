package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.FakeQuantize;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test learners that train for int8. */
class QuantizationAwareTest {
    private static final int BATCHES = 3;

    @TempDir
    Path home;

    private static final class Interruption implements Callback {
        private int left = 2 * BATCHES + 1;

        @Override
        public void afterForward(TrainStep step) {
            if (left-- == 0) throw new IllegalStateException("interrupted");
        }
    }

    private static Learner tiny() {
        return Learner.builder(Toy.data(BATCHES, 4), TinyNet.ARCHITECTURE)
                .seed(3)
                .quantizationAware()
                .build();
    }

    private static Callback distillation(Learner teacher) {
        return KnowledgeDistillation.from(teacher).build();
    }

    private static float[] range(Learner learner) {
        return Tensors.toFloats(learner.model().module("conv").ownBuffers().get("input_range"));
    }

    @Test
    void resumedTrainingsEndAtTheSameBitsWithTheSameRanges() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner teacher = Learner.create(Toy.data(1, 4), TinyNet.ARCHITECTURE);
                Learner whole = tiny();
                Learner stopped = tiny();
                Learner goesOn = tiny()) {
            whole.fit(3, 1e-2, distillation(teacher), new Checkpoint(checkpoint));
            assertThatThrownBy(() ->
                            stopped.fit(3, 1e-2, distillation(teacher), new Checkpoint(checkpoint), new Interruption()))
                    .hasMessageContaining("interrupted");
            goesOn.resume(checkpoint);
            goesOn.fit(3, 1e-2, distillation(teacher), new Checkpoint(checkpoint));
            assertThat(goesOn.model().sha256()).isEqualTo(whole.model().sha256());
            assertThat(range(goesOn)).containsExactly(range(whole));
            assertThat(range(whole)[1]).isGreaterThan(range(whole)[0]);
        }
    }

    /** Validation is that of the rounded network, which the float one differs from. */
    @Test
    void validationRounds() {
        try (Learner learner = tiny()) {
            learner.fit(2, 1e-2);
            Predictions rounded = learner.predict(Split.VALID);
            try (Module.ModeGuard off = FakeQuantization.off(learner.model())) {
                assertThat(learner.predict(Split.VALID).outputs()).isNotEqualTo(rounded.outputs());
            }
            assertThat(learner.validate().predictions().outputs()).containsExactly(rounded.outputs());
        }
    }

    @Test
    void movingAveragesOfWeightsHaveRangesToo() {
        try (Learner learner = tiny()) {
            learner.fit(3, 1e-2, new ExponentialMovingAverage(0.9));
            learner.model()
                    .modules()
                    .values()
                    .forEach(module -> module.ownBuffers().forEach((name, tensor) -> {
                        if (!FakeQuantization.isRange(name)) return;
                        assertThat(FakeQuantize.isNew(tensor)).isFalse();
                        assertThat(Tensors.toFloats(tensor)).doesNotContain(Float.NaN, Float.POSITIVE_INFINITY);
                    }));
        }
    }

    private Path trained() {
        Path file = home.resolve("float.safetensors");
        try (Learner learner =
                Learner.builder(Toy.data(BATCHES, 4), Zoo.CIFAR_RESNET8).seed(1).build()) {
            learner.fit(1, 1e-2);
            learner.save(file);
        }
        return file;
    }

    @Test
    void trainedWeightsKeepTheirClassifier() {
        Path file = trained();
        List<String> lines = new ArrayList<>();
        try (Learner learner = Learner.builder(Toy.data(BATCHES, 4), Zoo.CIFAR_RESNET8)
                        .weights(file)
                        .keepHead()
                        .quantizationAware()
                        .log(lines::add)
                        .build();
                SavedModel before = SavedModel.open(file, null)) {
            assertThat(learner.architecture()).isEqualTo("cifar-resnet8+qat");
            before.module().parameters().forEach((name, tensor) -> {
                Tensor now = learner.model().parameters().get(name);
                assertThat(Tensors.toFloats(now)).as(name).containsExactly(Tensors.toFloats(tensor));
                assertThat(now.requires_grad()).as(name).isTrue();
            });
            assertThat(lines)
                    .anySatisfy(line -> assertThat(line).contains("tensors read from", "its classifier too"))
                    .contains("quantization-aware training: 7 convolutions and 1 linear layer in int8");
            learner.fit(1, 1e-3);
            Path next = home.resolve("qat.safetensors");
            learner.save(next);
            try (SavedModel again = SavedModel.open(next, null);
                    Learner further = Learner.builder(Toy.data(BATCHES, 4), Zoo.CIFAR_RESNET8)
                            .weights(next)
                            .keepHead()
                            .quantizationAware()
                            .build()) {
                assertThat(again.architecture()).isEqualTo("cifar-resnet8+qat");
                assertThat(again.sha256()).isEqualTo(learner.model().sha256());
                assertThat(further.model().sha256()).isEqualTo(learner.model().sha256());
            }
        }
    }

    /** A new classifier on trained layers works too, as for ImageNet weights. */
    @Test
    void backbonesOfFloatNetworksFit() {
        try (Learner learner = Learner.builder(Toy.data(BATCHES, 4), Zoo.CIFAR_RESNET8)
                .weights(trained())
                .ownHead()
                .quantizationAware()
                .build()) {
            assertThat(learner.fineTune(1, 1e-3)).hasSize(2);
        }
    }

    @Test
    void weightsOfAnotherArchitectureAreRefused() {
        assertThatThrownBy(() -> Learner.builder(Toy.data(BATCHES, 4), Zoo.CIFAR_RESNET14)
                        .weights(trained())
                        .keepHead()
                        .build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("is a cifar-resnet8, expected the weights of a cifar-resnet14");
    }
}
