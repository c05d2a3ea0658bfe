package dev.limbeck.examples;

import dev.limbeck.Classifier;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.compare.Comparison;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.ArrayData;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modality;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.export.Exporter;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.predict.Predictors;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.DataRecipeType;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.Setting;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.ArchitectureFamily;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Add a new kind of data to Limbeck: series of 64 numbers, noisy waves of one of three shapes. */
public final class Series {
    private static final int LENGTH = 64;
    private static final Task FORMS = new Task.SingleLabel(List.of("sine", "square", "saw"));
    private static final Preprocessing AS_THEY_ARE = Preprocessing.fixed("series", Map.of("length", "" + LENGTH));

    private Series() {}

    /** Define the inputs of models of series. Listed in META-INF/services/dev.limbeck.data.Modality. */
    public static final class Kind implements Modality, DataRecipeType {
        @Override
        public String kind() {
            return AS_THEY_ARE.kind();
        }

        @Override
        public Preprocessing preprocessing(Map<String, String> saved) {
            return AS_THEY_ARE.with(saved);
        }

        @Override
        public List<InputSpec> inputs(Preprocessing preprocessing) {
            return List.of(InputSpec.floats(LENGTH));
        }

        @Override
        public Class<Waves> type() {
            return Waves.class;
        }
    }

    /** Generate series; the settings are given in a recipe below {@code data}. */
    public record Waves(
            @Setting(help = "Strength of the noise", required = true)
            String source,

            @Setting(help = "Training series", defaultValue = "600", atLeast = 1)
            Integer rows)
            implements DataRecipe {
        @Override
        public String kind() {
            return AS_THEY_ARE.kind();
        }

        @Override
        public String task() {
            return FORMS.kind().key();
        }

        @Override
        public Data open(long seed, Architecture network, Map<String, String> saved, RunContext context) {
            ArrayData data = new ArrayData(FORMS, InputSpec.floats(LENGTH), 32, seed).preprocessing(AS_THEY_ARE);
            for (Split split : Split.values()) {
                int count = split == Split.TRAIN ? rows : 300;
                float[][] series = new float[count][];
                int[] labels = new int[count];
                Random random = new Random(split.ordinal());
                for (int i = 0; i < count; i++) {
                    labels[i] = i % 3;
                    series[i] = wave(labels[i], Double.parseDouble(source), random);
                }
                data.with(split, series, Targets.labels(labels));
            }
            return data.origin("waves with noise " + source);
        }
    }

    static float[] wave(int form, double noise, Random random) {
        double start = random.nextDouble();
        float[] values = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            double phase = (start + i / 16.0) % 1;
            double wave =
                    form == 0 ? Math.sin(2 * Math.PI * phase) : form == 1 ? Math.signum(0.5 - phase) : 2 * phase - 1;
            values[i] = (float) (wave + noise * random.nextGaussian());
        }
        return values;
    }

    /** Provide two widths. Listed in META-INF/services/dev.limbeck.zoo.ArchitectureFamily. */
    public static final class Nets implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of("wave-net", 8), of("wave-net-wide", 256));
        }

        private static Architecture of(String name, long width) {
            return new Architecture(
                    name,
                    1,
                    classes -> new Sequential(new Linear(LENGTH, width), new ReLU(), new Linear(width, classes)));
        }
    }

    /** Train a teacher, compare a student alone with a distilled one, export it, and classify a new series. */
    public static void main(String... arguments) {
        Path folder = Path.of(arguments.length > 0 ? arguments[0] : "series");
        RunContext context = RunContext.silent();
        String data = "data: {kind: series, source: 0.5, rows: %d}\nstudent: %s\ntraining: {epochs: 40, lr: 0.02}\n";
        Path teacher = folder.resolve("teacher");
        new RecipeRun(Recipe.parse(data.formatted(3000, "wave-net-wide")), context).run(teacher, false);
        Recipe distilled = Recipe.parse(data.formatted(300, "wave-net") + "teacher: {model: '" + teacher + "'}\n");
        ComparisonResult result =
                new Comparison(Map.of("distilled", distilled), 3, 0, folder.resolve("comparison"), context).run();
        result.facts().forEach(System.out::println);
        result.variants().forEach(one -> System.out.println(one.name() + " " + one.value() + " " + one.verdict()));
        Path student = folder.resolve("comparison/distilled/seed-0");
        try (Data waves = distilled.data().open(0, distilled.architecture(), Map.of(), context);
                SavedModel saved = SavedModel.open(student, null)) {
            Exporter.of(saved).verifiedOn(waves, Split.TEST).export(folder.resolve("dist"));
        }
        try (Classifier<float[]> classifier = Predictors.classifier(SavedModel.open(student, null), Inputs::ofRows)) {
            System.out.println(classifier.predict(wave(1, 0, new Random(7))).className());
        }
    }
}
