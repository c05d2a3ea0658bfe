package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Test outputs cached in memory. */
class CachedTeacherTest {
    private static final Device CPU = Engine.device("cpu");

    private final GivenBatches data = Toy.data(2, 6);
    private final Module net = new TinyNet(3);
    private final AtomicInteger computed = new AtomicInteger();

    CachedTeacherTest() {
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

    private CachedTeacher kept(long budget) {
        return CachedTeacher.inMemory(ModuleTeacher.of(net, data.classNames()), budget);
    }

    private static float[] ask(TeacherSession lesson, Batch batch) {
        return Tensors.toFloats(lesson.logits(batch));
    }

    @Test
    void answersWhatItHasSeenWithoutComputing() {
        CachedTeacher kept = kept(1000);
        float[] first;
        try (Scope scope = Scope.open();
                DataLoader batches = data.train(0);
                TeacherSession lesson = kept.open(data, CPU)) {
            Batch batch = batches.next();
            first = ask(lesson, batch);
            assertThat(computed).hasValue(1);
            assertThat(ask(lesson, batch)).isEqualTo(first);
            assertThat(computed).hasValue(1);
            assertThat(kept.hitRate()).isEqualTo(0.5);
        }
        // Use the same batch in another session, and two of its rows in another order, which may be rounded
        // differently.
        try (Scope scope = Scope.open();
                DataLoader batches = data.train(0);
                TeacherSession lesson = kept.open(data, CPU)) {
            Batch batch = batches.next();
            assertThat(ask(lesson, batch)).isEqualTo(first);
            assertThat(computed).hasValue(1);
            Tensor two = Tensors.to(batch.input(), CPU).narrow(0, 0, 2).flip(0);
            Batch turned = new Batch(Inputs.of(two), Tensors.of(new long[2], 2), new int[] {1, 0}, batch.origin());
            float[] ofTurned = ask(lesson, turned);
            assertThat(computed).hasValue(2);
            try (TeacherSession live = ModuleTeacher.of(net, data.classNames()).open(data, CPU)) {
                assertThat(ofTurned).isEqualTo(ask(live, turned));
            }
        }
    }

    @Test
    void outputsOfEarlierWeightsAreNotServed() {
        CachedTeacher kept = kept(1000);
        float[] before = outputs(kept);
        assertThat(outputs(kept)).isEqualTo(before);
        assertThat(computed).hasValue(1);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Ops.mul_(net.parameters().get("fc.weight"), 2);
        }
        float[] after = outputs(kept);
        assertThat(after).isNotEqualTo(before).isEqualTo(outputs(ModuleTeacher.of(net, data.classNames())));
        assertThat(outputs(kept)).isEqualTo(after);
        assertThat(computed).hasValue(3);
    }

    /** Return the outputs for the first batch in a session of its own, as each fit has one. */
    private float[] outputs(Teacher teacher) {
        try (Scope scope = Scope.open();
                DataLoader batches = data.train(0);
                TeacherSession lesson = teacher.open(data, CPU)) {
            return ask(lesson, batches.next());
        }
    }

    @Test
    void viewsAreCachedSeparately() {
        CachedTeacher kept = kept(1000);
        try (Scope scope = Scope.open();
                DataLoader one = data.train(0);
                DataLoader other = data.train(1);
                TeacherSession lesson = kept.open(data, CPU)) {
            Batch batch = one.next();
            float[] first = ask(lesson, batch);
            assertThat(ask(lesson, other.next())).isNotEqualTo(first);
            assertThat(computed).hasValue(2);
            assertThat(ask(lesson, batch)).isEqualTo(first);
            assertThat(computed).hasValue(2);
        }
    }

    @Test
    void rowsOfUnknownOriginAreNotKept() {
        try (Scope scope = Scope.open();
                TeacherSession lesson = kept(1000).open(data, CPU)) {
            Batch batch = Batch.of(Toy.images(3, 4, 1));
            assertThat(batch.origin()).isNull();
            assertThat(ask(lesson, batch)).isEqualTo(ask(lesson, batch));
            assertThat(computed).hasValue(2);
        }
    }

    @Test
    void aFullMemoryOnlyCostsTime() {
        CachedTeacher kept = kept(3);
        try (Scope scope = Scope.open();
                DataLoader batches = data.train(0);
                TeacherSession lesson = kept.open(data, CPU)) {
            Batch batch = batches.next();
            float[] first = ask(lesson, batch);
            assertThat(ask(lesson, batch)).isEqualTo(first);
            assertThat(computed).hasValue(2);
        }
    }

    @Test
    void predictionsOfASplitEqualTheModules() {
        try (TeacherSession lesson = kept(1000).open(data, CPU)) {
            float[] answers = lesson.predict(data, Split.VALID).outputs();
            try (TeacherSession plain = ModuleTeacher.of(net, data.classNames()).open(data, CPU)) {
                assertThat(answers).isEqualTo(plain.predict(data, Split.VALID).outputs());
            }
        }
        assertThat(data.keys(new Provenance(Split.VALID, Provenance.PLAIN), 3)[0].low())
                .isEqualTo(3);
    }
}
