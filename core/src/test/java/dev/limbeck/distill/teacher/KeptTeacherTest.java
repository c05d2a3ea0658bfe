package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeptTeacherTest {
    private static final Device CPU = Engine.device("cpu");

    private final GivenBatches data = Toy.data(2, 6);
    private final Module net = new TinyNet(3);
    private final AtomicInteger computed = new AtomicInteger();

    KeptTeacherTest() {
        net.onForward((module, input, output) -> {
            computed.incrementAndGet();
            return null;
        });
    }

    @AfterEach
    void close() {
        net.close();
        data.close();
    }

    private KeptTeacher kept(long budget) {
        return KeptTeacher.of(ModuleTeacher.of(net, data.classNames()), budget);
    }

    @Test
    void answersWhatItHasSeenWithoutComputing() {
        KeptTeacher kept = kept(1000);
        try (Scope scope = Scope.open();
                Teacher.Lesson lesson = kept.begin(data, CPU)) {
            Tensor input = Tensors.randn(5, 3, 8, 8);
            float[] first = Tensors.toFloats(lesson.logits(input));
            assertThat(computed).hasValue(1);
            assertThat(Tensors.toFloats(lesson.logits(input))).isEqualTo(first);
            assertThat(computed).hasValue(1);
            assertThat(kept.share()).isEqualTo(0.5);
        }
        // The rows in another order, in another lesson
        try (Scope scope = Scope.open();
                Teacher.Lesson lesson = kept.begin(data, CPU)) {
            Tensor input = Tensors.randn(2, 3, 8, 8);
            float[] both = Tensors.toFloats(lesson.logits(input));
            float[] turned = Tensors.toFloats(lesson.logits(input.flip(0)));
            assertThat(computed).hasValue(2);
            assertThat(turned).containsExactly(both[3], both[4], both[5], both[0], both[1], both[2]);
        }
    }

    @Test
    void aChangedPixelIsAnotherQuestion() {
        KeptTeacher kept = kept(1000);
        try (Scope scope = Scope.open();
                Teacher.Lesson lesson = kept.begin(data, CPU)) {
            Tensor input = Tensors.randn(1, 3, 8, 8);
            float[] before = Tensors.toFloats(lesson.logits(input));
            float[] values = Tensors.toFloats(input);
            values[191] += 1;
            assertThat(Tensors.toFloats(lesson.logits(Tensors.of(values, 1, 3, 8, 8))))
                    .isNotEqualTo(before);
            assertThat(computed).hasValue(2);
        }
    }

    @Test
    void aFullMemoryOnlyCostsTime() {
        KeptTeacher kept = kept(3);
        try (Scope scope = Scope.open();
                Teacher.Lesson lesson = kept.begin(data, CPU)) {
            Tensor input = Tensors.randn(5, 3, 8, 8);
            float[] first = Tensors.toFloats(lesson.logits(input));
            assertThat(Tensors.toFloats(lesson.logits(input))).isEqualTo(first);
            assertThat(computed).hasValue(2);
        }
    }

    @Test
    void aSplitIsAnsweredAsTheModuleWould() {
        try (Teacher.Lesson lesson = kept(1000).begin(data, CPU)) {
            float[] answers = lesson.predict(data, Split.VALID).logits();
            try (Teacher.Lesson plain = ModuleTeacher.of(net, data.classNames()).begin(data, CPU)) {
                assertThat(answers).isEqualTo(plain.predict(data, Split.VALID).logits());
            }
        }
    }
}
