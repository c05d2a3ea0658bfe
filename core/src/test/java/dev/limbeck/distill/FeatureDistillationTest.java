package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.distill.loss.AttentionTransfer;
import dev.limbeck.distill.loss.ContrastiveRepresentation;
import dev.limbeck.distill.loss.DirectFeatureLoss;
import dev.limbeck.distill.loss.Dist;
import dev.limbeck.distill.loss.FactorTransfer;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.distill.loss.FlowOfSolution;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.OverhaulFeature;
import dev.limbeck.distill.loss.RelationalDistance;
import dev.limbeck.distill.loss.ReviewKD;
import dev.limbeck.distill.loss.SimilarityPreserving;
import dev.limbeck.distill.loss.VariationalInformation;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FeatureDistillationTest {
    private static final int BATCHES = 3;
    /** Three stages of 16, 32 and 64 channels. */
    private static final Architecture SMALL = Zoo.CIFAR_RESNET8;
    /** Three stages of 32, 64 and 128 channels. */
    private static final Architecture WIDE = Zoo.WRN_16_2;

    private final GivenBatches data = Toy.data(BATCHES, 6);
    private final Learner teacher = Learner.builder(data, WIDE).seed(1).build();
    private final Learner student =
            Learner.builder(data, SMALL).seed(2).precision("fp32").build();

    @AfterEach
    void close() {
        teacher.close();
        student.close();
    }

    private DistillationBuilder pairs(FeatureLoss loss, String... layers) {
        DistillationBuilder builder = KnowledgeDistillation.from(teacher);
        for (String layer : layers)
            builder.pair(FeaturePair.of(layer, teachers(layer)).loss(loss));
        return builder;
    }

    /** Return the layer of the wide network that corresponds to one of the small network. */
    private static String teachers(String layer) {
        return layer.replace("layer", "block");
    }

    static Stream<FeatureLoss> losses() {
        return Stream.of(
                new FitNet(),
                new AttentionTransfer(),
                new SimilarityPreserving(),
                new FactorTransfer(),
                new VariationalInformation(),
                new OverhaulFeature(),
                new ContrastiveRepresentation(4, 0.5, 0.5));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void trainsWhatIsLearnedAndLeavesNothingInTheStudent(FeatureLoss loss) {
        KnowledgeDistillation distillation = pairs(loss, "layer2", "layer3").build();
        List<String> names = List.copyOf(student.model().parameters().keySet());
        String teacherBefore = teacher.model().sha256();
        Map<String, String> first = new HashMap<>();
        EpochRecord row = student.fit(1, 0.01, distillation, new Callback() {
                    @Override
                    public void beforeBatch(TrainStep step) {
                        if (step.index() == 0) first.putAll(hashes(distillation));
                    }
                })
                .get(0);
        assertThat(row.terms()).hasSize(3).containsKey(loss.name() + "(layer2/block2)");
        assertThat(hashes(distillation))
                .hasSameSizeAs(first)
                .allSatisfy((name, hash) -> assertThat(hash).as(name).isNotEqualTo(first.get(name)));
        assertThat(student.model().parameters().keySet()).containsExactlyElementsOf(names);
        assertThat(teacher.model().sha256()).isEqualTo(teacherBefore);
        assertThat(student.model().hookCount() + teacher.model().hookCount()).isZero();
    }

    private static Map<String, String> hashes(KnowledgeDistillation distillation) {
        Map<String, String> hashes = new HashMap<>();
        distillation.parameters().forEach((name, tensor) -> {
            hashes.put(name, Arrays.toString(Tensors.toFloats(tensor)));
        });
        return hashes;
    }

    @Test
    void tellsHowLayersAreJoined() {
        List<String> log = new ArrayList<>();
        KnowledgeDistillation distillation =
                pairs(new FitNet(), "layer3").log(log::add).build();
        student.fit(1, 0.01, distillation);
        List<String> plan =
                log.stream().filter(line -> line.startsWith("pair ")).toList();
        assertThat(plan)
                .containsExactly("pair layer3/block3: 64×2×2 → 128×2×2 by FitNet through conv1x1, 8,320 parameters");
        assertThat(distillation.describe()).containsEntry("pairs", plan);
    }

    @Test
    void pairsFollowTheDeclaredOrder() {
        // Crossed pairs: the student's deep layer with the teacher's shallow one, and vice versa.
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                .pair(FeaturePair.of("layer3", "block1").loss(new AttentionTransfer()))
                .pair(FeaturePair.of("layer1", "block3").loss(new AttentionTransfer()))
                .build();
        student.fit(1, 0.01, distillation);
        assertThat(distillation.plan())
                .containsExactly(
                        "pair layer3/block1: 64×2×2 → 32×8×8 by AttentionTransfer at 2×2",
                        "pair layer1/block3: 16×8×8 → 128×2×2 by AttentionTransfer at 2×2");
    }

    @Test
    void eachPairComparesTheLayersThatItNames() {
        // This loss only records the shapes it receives: names and features must match, whatever runs first.
        Map<String, String> shapes = new HashMap<>();
        record Shape(Map<String, String> shapes, String name) implements DirectFeatureLoss {
            @Override
            public Needs needs() {
                return Needs.NOTHING;
            }

            @Override
            public Tensor rows(Tensor student, Tensor teacher) {
                shapes.put(name, Tensors.shapeText(student.shape()) + " " + Tensors.shapeText(teacher.shape()));
                return student.mean(1, 2, 3);
            }
        }
        student.fit(
                1,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .pair(FeaturePair.of("layer3", "block1").loss(new Shape(shapes, "deep to shallow")))
                        .pair(FeaturePair.of("layer1", "block3").loss(new Shape(shapes, "shallow to deep")))
                        .pair(FeaturePair.of("layer2:input", "block2").loss(new Shape(shapes, "input")))
                        .build());
        assertThat(shapes)
                .containsEntry("deep to shallow", "6×64×2×2 6×32×8×8")
                .containsEntry("shallow to deep", "6×16×8×8 6×128×2×2")
                .containsEntry("input", "6×16×8×8 6×64×4×4");
    }

    @Test
    void relationsOfOneRowAreLeftOut() {
        AtomicInteger step = new AtomicInteger();
        KnowledgeDistillation distillation = pairs(new RelationalDistance(), "layer3")
                .pair(FeaturePair.of("layer2", "block2"))
                .loss(new Dist())
                // One row has weight, then none, then two.
                .sampleWeights(s -> Tensors.of(
                        new double[] {step.get() == 1 ? 0 : 1, step.getAndIncrement() == 2 ? 1 : 0, 0, 0, 0, 0}, 6))
                .build();
        List<Map<String, Double>> terms = new ArrayList<>();
        student.fit(1, 0.01, distillation, new Callback() {
            @Override
            public void beforeStep(TrainStep s) {
                Map<String, Double> values = new HashMap<>();
                s.terms().forEach((name, value) -> values.put(name, value.item_double()));
                terms.add(values);
            }
        });
        String relation = "RelationalDistance(layer3/block3)";
        String features = "FitNet(layer2/block2)";
        assertThat(terms.get(0)).containsEntry(relation, 0.0).containsEntry("Dist", 0.0);
        assertThat(terms.get(0).get(features)).isPositive();
        assertThat(terms.get(1))
                .containsEntry(relation, 0.0)
                .containsEntry("Dist", 0.0)
                .containsEntry(features, 0.0);
        assertThat(terms.get(2)).allSatisfy((name, value) -> assertThat(value).isFinite());
        assertThat(terms.get(2).get("Dist")).isPositive();
    }

    @Test
    void theProbeLeavesNoTraceInTheStudent() {
        String before = student.model().sha256();
        KnowledgeDistillation distillation = pairs(new FitNet(), "layer2")
                .weight(1)
                .pair(FeaturePair.matched())
                .build();
        FeaturePairs.match(student.model(), teacher.model(), List.of(InputSpec.floats(3, 8, 8)));
        assertThatThrownBy(() -> student.fit(1, 0.01, distillation, new Callback() {
                    @Override
                    public void beforeBatch(TrainStep step) {
                        throw new IllegalStateException("stop");
                    }
                }))
                .hasMessageEndingWith("stop");
        assertThat(student.model().sha256()).isEqualTo(before);
        assertThat(student.model().hookCount() + teacher.model().hookCount()).isZero();
    }

    @Test
    void equalNetworksHaveNothingToLearnFromEachOther() {
        try (Learner twin = Learner.builder(data, SMALL).seed(2).build()) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(twin)
                    .pair(FeaturePair.of("layer2", "layer2"))
                    .pair(FeaturePair.of("layer3:input", "layer2"))
                    .adaptersFirst(0)
                    .build();
            student.model().eval();
            student.fit(1, 1e-9, distillation, new Callback() {
                @Override
                public void beforeTrain(TrainingContext fit) {
                    fit.model().eval();
                }

                @Override
                public void beforeStep(TrainStep step) {
                    assertThat(step.term("FitNet(layer2)").item_double()).isEqualTo(0, within(1e-10));
                    assertThat(step.term("FitNet(layer3:input/layer2)").item_double())
                            .isEqualTo(0, within(1e-10));
                }
            });
        }
    }

    @Test
    void capturedFeaturesAreThoseBeforeAnInPlaceReLU() {
        // bn's output goes through a ReLU that may run in place; the captured features must still have negative values.
        try (Learner tiny = Learner.builder(data, TinyNet.ARCHITECTURE).seed(1).build();
                Learner other =
                        Learner.builder(data, TinyNet.ARCHITECTURE).seed(2).build()) {
            List<Double> least = new ArrayList<>();
            KnowledgeDistillation distillation = KnowledgeDistillation.from(tiny)
                    .pair(FeaturePair.of("bn", "bn").loss(new Watching(least)))
                    .build();
            other.fit(1, 0.01, distillation);
            assertThat(least).isNotEmpty().allMatch(value -> value < 0);
        }
    }

    private record Watching(List<Double> least) implements DirectFeatureLoss {
        @Override
        public Needs needs() {
            return Needs.SHAPE;
        }

        @Override
        public Tensor rows(Tensor student, Tensor teacher) {
            least.add(student.min().item_double());
            least.add(teacher.min().item_double());
            return student.sub(teacher).square().mean(1, 2, 3);
        }
    }

    @Test
    void severalLayersAtOnce() {
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                .pair(FeaturePair.of(List.of("layer1", "layer2", "layer3"), List.of("block1", "block2", "block3"))
                        .loss(new ReviewKD()))
                .pair(FeaturePair.of(List.of("layer2", "layer3"), List.of("block2", "block3"))
                        .loss(new FlowOfSolution())
                        .scale(0.1))
                .build();
        EpochRecord row = student.fit(1, 0.01, distillation).get(0);
        assertThat(row.terms().get("ReviewKD(layer1/block1+layer2/block2+layer3/block3)"))
                .isPositive();
        assertThat(distillation.plan()).anyMatch(line -> line.matches("ReviewKD\\(.*\\) learns [0-9,]+ parameters"));
    }

    @Test
    void refusesToTrainAdaptersLongerThanDistillation() {
        KnowledgeDistillation distillation =
                pairs(new FitNet(), "layer2").adaptersFirst(1).maxSteps(1).build();
        assertThatThrownBy(() -> student.fit(2, 0.01, distillation))
                .isInstanceOf(LimbeckException.class)
                .hasMessageMatching("distillation ends after 1 steps, but adapters are trained for \\d first; raise "
                        + "max_steps above that, or leave one of them out");
    }

    @Test
    void adaptersFirstLeavesTheStudentAsItIs() {
        KnowledgeDistillation distillation =
                pairs(new FitNet(), "layer2").adaptersFirst(1).build();
        String before = student.model().sha256();
        List<String> after = new ArrayList<>();
        Map<String, String> adapters = new HashMap<>();
        student.fit(2, 0.01, distillation, new Callback() {
            @Override
            public void beforeBatch(TrainStep step) {
                if (step.index() == 0) adapters.putAll(hashes(distillation));
                if (step.index() == BATCHES) {
                    after.add(student.model().sha256());
                    assertThat(hashes(distillation)).isNotEqualTo(adapters);
                }
            }
        });
        assertThat(after).containsExactly(before);
        assertThat(student.model().sha256()).isNotEqualTo(before);
    }

    @Test
    void adaptersThatLeaveTheStudentNoEpochAreRefused() {
        KnowledgeDistillation distillation =
                pairs(new FitNet(), "layer2").adaptersFirst(2).build();
        assertThatThrownBy(() -> student.fit(2, 0.01, distillation))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("adapter_epochs must be below the epochs of each fit, found 2 of 2, in which only adapters "
                        + "would be trained; lower it, or leave it out");
    }

    /** Both phases are one training: adapters are trained first once, and schedules and step limits go on. */
    @Test
    void theSecondPhaseOfAFineTuningGoesOn() {
        List<Boolean> isTrained = new ArrayList<>();
        List<Double> weights = new ArrayList<>();
        KnowledgeDistillation distillation = pairs(new FitNet(), "layer2")
                .adaptersFirst(1)
                .weight(Schedule.of("linear:1..0"))
                .maxSteps(4 * BATCHES - 1)
                .build();
        student.fineTune(2, 0.01, 2, distillation, new Callback() {
            private String before = "";

            @Override
            public void beforeTrain(TrainingContext fit) {
                before = student.model().sha256();
            }

            @Override
            public void beforeStep(TrainStep step) {
                if (step.terms().containsKey("FitNet(layer2/block2)"))
                    weights.add(step.weight("FitNet(layer2/block2)"));
            }

            @Override
            public void afterEpoch(TrainingContext fit) {
                isTrained.add(!student.model().sha256().equals(before));
            }
        });
        assertThat(isTrained).containsExactly(false, true, true, true);
        assertThat(weights).hasSize(4 * BATCHES - 1);
        for (int i = BATCHES; i < weights.size(); i++) {
            assertThat(weights.get(i)).isEqualTo(1 - i / (4.0 * BATCHES - 1), within(1e-12));
        }
    }

    @Test
    void goesOnAfterAnInterruptionAsIfNothingHadHappened(@TempDir Path home) {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        String undisturbed = train(checkpoint, Integer.MAX_VALUE, false);
        assertThatThrownBy(() -> train(checkpoint, 2 * BATCHES + 1, false)).hasMessageEndingWith("interrupted");
        assertThat(train(checkpoint, Integer.MAX_VALUE, true)).isEqualTo(undisturbed);
    }

    private String train(Path checkpoint, int steps, boolean resume) {
        try (Learner learner = Learner.builder(data, SMALL).seed(2).build()) {
            if (resume) learner.resume(checkpoint);
            KnowledgeDistillation distillation = pairs(new FitNet(), "layer2")
                    .pair(FeaturePair.of("layer3", "block3").loss(new ContrastiveRepresentation(5, 0.2, 0.5)))
                    .pair(FeaturePair.of("layer3", "block3").loss(new VariationalInformation()))
                    .pair(FeaturePair.of("layer2", "block2").loss(new FactorTransfer()))
                    .pair(FeaturePair.of(List.of("layer2", "layer3"), List.of("block2", "block3"))
                            .loss(new ReviewKD()))
                    .pair(FeaturePair.of("layer1", "block1")
                            .loss(new OverhaulFeature())
                            .scale(1e-3))
                    .weight(Schedule.of("cosine:1..0.2"))
                    .build();
            learner.fit(4, 0.01, distillation, new Checkpoint(checkpoint), new Callback() {
                @Override
                public void afterForward(TrainStep step) {
                    if (step.index() == steps) throw new IllegalStateException("interrupted");
                }
            });
            // The state includes more than parameters: memories, margins, statistics.
            try (StateDict state = distillation.state()) {
                return learner.model().sha256() + state.sha256();
            }
        }
    }

    @Test
    void validationRunsInEvaluationModeAndIsOfTheTaskAlone() {
        EpochRecord row = student.fit(
                        1,
                        0.01,
                        pairs(new FitNet(), "layer2", "layer3").weight(0.9).build())
                .get(0);
        assertThat(row.validLoss()).isEqualTo(student.validate().loss());
        assertThat(row.metrics()).isEqualTo(student.validate().metrics());
    }

    @Test
    void nativeMemoryStaysFlat() {
        GivenBatches many = Toy.data(151, 4);
        long[] bytes = new long[2];
        try (Learner learner = Learner.create(many, TinyNet.ARCHITECTURE);
                Learner other = Learner.create(many, TinyNet.ARCHITECTURE)) {
            KnowledgeDistillation distillation = KnowledgeDistillation.from(other)
                    .pair(FeaturePair.of("bn", "bn").loss(new OverhaulFeature()))
                    .pair(FeaturePair.of("conv", "conv").adapter(Adapter.REGRESSOR))
                    .pair(FeaturePair.of("pool", "pool").loss(new ContrastiveRepresentation(8, 0.2, 0.5)))
                    .build();
            learner.fit(1, 0.001, distillation, new Callback() {
                @Override
                public void afterBatch(TrainStep step) {
                    if (step.index() == 50) bytes[0] = Engine.countedBytes();
                    if (step.index() == 150) bytes[1] = Engine.countedBytes();
                }
            });
        }
        assertThat(bytes[1]).isPositive().isLessThanOrEqualTo(bytes[0]);
    }

    @Test
    void refusesBeforeTheFirstStepWhatCannotWork() {
        refused(pairs(new FitNet(), "layer5"), "no layer 'layer5' in cifar-resnet8; nearest: ");
        refused(
                KnowledgeDistillation.from(teacher)
                        .pair(FeaturePair.of("layer2", "block2").adapter(Adapter.NONE)),
                "pair layer2/block2: FitNet needs equal channels, found 32×4×4 and 64×4×4; use adapter auto");
        refused(
                KnowledgeDistillation.from(teacher)
                        .pair(FeaturePair.of("layer2", "block2").adapter(Adapter.LINEAR)),
                "adapter linear does not fit features of 32×4×4; use adapter conv1x1 or auto");
        refused(
                pairs(new FlowOfSolution(), "layer2"),
                "pair layer2/block2: FlowOfSolution compares 2 layers of each network at once, found 1");
        refused(
                pairs(new ReviewKD(), "layer2"),
                "pair layer2/block2: ReviewKD compares two layers or more of each network at once, found 1");
        refused(
                KnowledgeDistillation.from(teacher)
                        .pair(FeaturePair.of("linear", "fc").loss(new AttentionTransfer())),
                "pair linear/fc: AttentionTransfer needs maps with more than one position, found 3×1×1; "
                        + "pair layers before the pooling");
        refused(
                KnowledgeDistillation.from(new LogitsOnly(student.data().classNames()))
                        .pair(FeaturePair.of("layer2", "layer2")),
                "this teacher returns logits only; use losses on logits, or a teacher from a run directory or a "
                        + "checkpoint");
        // One module is never called by the network, and one has an output that no loss accepts.
        try (Module odd = new Odd();
                Learner learner = Learner.builder(data, odd).build()) {
            for (String[] wrong : new String[][] {
                {"idle", "layer 'idle' was not used in the forward pass; choose another layer"},
                {"flat", "layer 'flat' returns 384; pairs need rows×channels, rows×tokens×channels or "}
            }) {
                assertThatThrownBy(() -> learner.fit(
                                1,
                                0.01,
                                KnowledgeDistillation.from(teacher)
                                        .pair(FeaturePair.of(wrong[0], "fc"))
                                        .build()))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageStartingWith(wrong[1]);
                assertThat(odd.hookCount()).isZero();
            }
        }
        GivenBatches ones = Toy.data(2, 1);
        try (Learner single = Learner.create(ones, SMALL)) {
            for (DistillationBuilder settings : List.of(
                    pairs(new RelationalDistance(), "layer2"),
                    KnowledgeDistillation.from(teacher).loss(new Dist()))) {
                assertThatThrownBy(() -> single.fit(1, 0.01, settings.build()))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageMatching(
                                "(RelationalDistance|Dist) compares rows with each other, found batches of 1; "
                                        + "use batches of 2 or more");
            }
        }
        assertThatThrownBy(() -> KnowledgeDistillation.from(teacher)
                        .loss(new LogitMse())
                        .adaptersFirst(1)
                        .build())
                .hasMessage("there are no feature pairs with adapters to train first; add a pair");
    }

    /** Provide a network with an unused module, and one whose output has one dimension. */
    private static final class Odd extends Module {
        private final Linear fc = child("fc", new Linear(192, Toy.CLASSES));
        private final Module flat = child("flat", new Flattened());

        Odd() {
            child("idle", new Linear(1, 1));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return fc.apply(flat.apply(x).reshape(-1, 192));
        }

        private static final class Flattened extends Module {
            @Override
            protected Tensor forward(Tensor x) {
                return x.flatten();
            }
        }
    }

    private void refused(DistillationBuilder settings, String message) {
        List<Integer> steps = new ArrayList<>();
        assertThatThrownBy(() -> student.fit(1, 0.01, settings.build(), new Callback() {
                    @Override
                    public void beforeBatch(TrainStep step) {
                        steps.add(step.index());
                    }
                }))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(message);
        assertThat(steps).isEmpty();
        assertThat(student.model().hookCount() + teacher.model().hookCount()).isZero();
    }

    @Test
    void matchesStagesOfOneFamilyByResolution() {
        try (Module small = Zoo.RESNET18.create(10);
                Module big = Zoo.RESNET34.create(10)) {
            assertThat(FeaturePairs.match(small, big, List.of(InputSpec.floats(3, 64, 64))))
                    .extracting(FeaturePair::layers)
                    .containsExactly("layer1", "layer2", "layer3", "layer4");
        }
    }

    @Test
    void matchesAcrossFamilies() {
        try (Module cnn = Zoo.RESNET18.create(10);
                Module vit = Zoo.VIT_TINY.create(10);
                Module deit = Zoo.DEIT_TINY.create(10);
                Module mobile = Zoo.MOBILENET_V2.create(10)) {
            assertThat(FeaturePairs.match(cnn, deit, List.of(InputSpec.floats(3, 224, 224))))
                    .as("two tokens more than patches")
                    .extracting(FeaturePair::layers)
                    .containsExactly("layer1/blocks.2", "layer2/blocks.5", "layer3/blocks.8", "layer4/blocks.11");
            assertThat(FeaturePairs.match(cnn, vit, List.of(InputSpec.floats(3, 224, 224))))
                    .extracting(FeaturePair::layers)
                    .containsExactly("layer1/blocks.2", "layer2/blocks.5", "layer3/blocks.8", "layer4/blocks.11");
            assertThat(FeaturePairs.match(mobile, cnn, List.of(InputSpec.floats(3, 224, 224))))
                    .extracting(FeaturePair::layers)
                    .containsExactly("features.3/layer1", "features.6/layer2", "features.13/layer3", "features/layer4");
            assertThat(FeaturePairs.match(vit, vit, List.of(InputSpec.floats(3, 224, 224))))
                    .extracting(FeaturePair::layers)
                    .containsExactly("blocks.2", "blocks.5", "blocks.8", "blocks.11");
        }
    }
}
