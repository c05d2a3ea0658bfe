package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExponentialMovingAverageTest {
    private static final double DECAY = 0.3;

    private static float[] classifier(Learner learner) {
        return Tensors.toFloats(learner.model().parameters().get("fc.weight"));
    }

    @Test
    void theModelEndsWithTheAverageAndValidationSeesIt() {
        List<float[]> passed = new ArrayList<>();
        List<float[]> validated = new ArrayList<>();
        try (GivenBatches data = Toy.data(4, 6);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            passed.add(classifier(learner));
            Callback spy = new Callback() {
                @Override
                public void afterStep(TrainStep step) {
                    passed.add(classifier(learner));
                }

                @Override
                public void afterValidate(TrainingContext fit) {
                    validated.add(classifier(learner));
                }
            };
            List<EpochRecord> epochs = learner.fit(2, 1e-2, new ExponentialMovingAverage(DECAY), spy);
            double[] average = new double[passed.get(0).length];
            for (int i = 0; i < average.length; i++) average[i] = passed.get(0)[i];
            for (int step = 1; step < passed.size(); step++) {
                double d = Math.min(DECAY, step / (9.0 + step));
                for (int i = 0; i < average.length; i++) {
                    average[i] = d * average[i] + (1 - d) * passed.get(step)[i];
                }
            }
            float[] found = classifier(learner);
            assertThat(found).isNotEqualTo(passed.get(passed.size() - 1));
            for (int i = 0; i < average.length; i++) assertThat(found[i]).isCloseTo((float) average[i], within(1e-5f));
            assertThat(validated.get(1)).isEqualTo(found);
            assertThat(learner.validate(Split.VALID).loss())
                    .isCloseTo(epochs.get(1).validLoss(), within(1e-6));
        }
    }

    /** A checkpoint is read to the CPU, wherever the model is; a type stands for the device here. */
    @Test
    void aRestoredAverageStaysWhereTheModelIs() {
        ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
        List<DType> types = new ArrayList<>();
        List<float[]> restored = new ArrayList<>();
        Callback reader = new Callback() {
            @Override
            public void beforeValidate(TrainingContext fit) {
                try (Scope scope = Scope.open();
                        StateDict read = new StateDict();
                        StateDict kept = average.state()) {
                    kept.names().forEach(name -> read.put(name, Tensors.to(kept.get(name), DType.FLOAT64)));
                    read.metadata().putAll(kept.metadata());
                    float[] before = Tensors.toFloats(kept.get("fc.weight"));
                    average.restore(read);
                    try (StateDict now = average.state()) {
                        types.add(DType.of(now.get("fc.weight")));
                        restored.add(Tensors.toFloats(now.get("fc.weight")));
                        assertThat(now.metadata()).isEqualTo(kept.metadata());
                    }
                    assertThat(restored.get(0)).isEqualTo(before);
                }
            }
        };
        try (GivenBatches data = Toy.data(4, 6);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            learner.fit(1, 1e-2, average, reader);
        }
        assertThat(types).containsExactly(DType.FLOAT32);
    }
}
