package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;

class TeacherWrapperTest {
    private static final Device CPU = Engine.device("cpu");

    /** Halve the logits; only this method is overridden. */
    private static final class Halved extends TeacherWrapper {
        Halved(Teacher teacher) {
            super(teacher);
        }

        @Override
        protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
            return session.compute(batch, features).withLogits(logits -> Ops.mul(logits, 0.5));
        }
    }

    @Test
    void allElseIsTheOtherTeachers() {
        try (TinyNet net = new TinyNet(3);
                GivenBatches data = Toy.data(2, 6);
                Scope scope = Scope.open()) {
            Teacher plain = ModuleTeacher.of(net, List.of("a", "b", "c"));
            Teacher halved = new Halved(plain);
            assertThat(halved.name()).isEqualTo(plain.name());
            assertThat(halved.classNames()).containsExactly("a", "b", "c");
            assertThat(halved.classes()).isEqualTo(3);
            assertThat(halved.isModule(net)).isTrue();
            Batch batch = Batch.of(Toy.images(0, 6, 1));
            try (TeacherSession one = plain.open(data, CPU);
                    TeacherSession other = halved.open(data, CPU)) {
                float[] logits = Tensors.toFloats(one.logits(batch));
                float[] half = Tensors.toFloats(other.logits(batch));
                for (int i = 0; i < half.length; i++) assertThat(half[i]).isCloseTo(logits[i] / 2, within(1e-6f));
                assertThat(Tensors.toFloats(other.compute(batch, Set.of("bn")).feature("bn")))
                        .isEqualTo(Tensors.toFloats(
                                one.compute(batch, Set.of("bn")).feature("bn")));
                assertThat(other.summary().parameters()).isEqualTo(one.summary().parameters());
                assertThat(other.facts().precision()).isEqualTo(one.facts().precision());
                assertThat(other.facts().inputs()).isEqualTo(one.facts().inputs());
                assertThat(other.facts().identity())
                        .as("cached outputs of one are not the other's")
                        .isNotEqualTo(one.facts().identity());
            }
        }
    }
}
