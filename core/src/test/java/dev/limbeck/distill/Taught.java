package dev.limbeck.distill;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.train.Callback;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import org.junit.jupiter.api.AfterEach;

/** Provide each test with a teacher and a student on a few batches of six. */
abstract class Taught {
    final GivenBatches data;
    final Learner teacher;
    final Learner student;

    Taught(int batches) {
        data = Toy.data(batches, 6);
        teacher = learner(1);
        student = learner(2);
    }

    private Learner learner(long seed) {
        return Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(seed)
                .precision("fp32")
                .build();
    }

    @AfterEach
    void close() {
        teacher.close();
        student.close();
    }

    /** Inspect every step after distillation has added its terms. */
    interface Look extends Callback {
        @Override
        default int order() {
            return 1;
        }

        @Override
        void afterLoss(TrainStep step);
    }
}
