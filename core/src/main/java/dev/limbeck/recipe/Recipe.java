package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.Mixup;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * Hold a recipe: everything that determines the result of a training run except the machine. A recipe is plain data and
 * contains no code. Unknown keys are rejected.
 *
 * <p>{@link #read}, {@link #parse} and {@link RecipeFiles#bind} fill in defaults and check values, as declared by each
 * {@link Setting}. Record constructors check only combinations of settings.
 */
public record Recipe(
        @Setting(help = "Images and their batching", required = true, heading = Heading.DATA)
        DataRecipe data,

        @Setting(help = "Teacher model; leave it out to train on the labels only", heading = Heading.TEACHER) @Nullable
        TeacherRecipe teacher,

        @Setting(
                help = "Architecture such as resnet18, or a trained model",
                required = true,
                options = {"--arch", "--student"},
                heading = Heading.STUDENT)
        String student,

        @Setting(
                help = "Fine-tune ImageNet weights with a new classifier",
                options = "--pretrained",
                heading = Heading.STUDENT)
        @Nullable
        PretrainedRecipe pretrained,

        @Setting(
                help = "Prune a trained student before it is trained",
                heading = Heading.STUDENT,
                options = {})
        @Nullable
        PruneRecipe prune,

        @Setting(help = "A larger model whose weights the student starts from", heading = Heading.STUDENT) @Nullable
        InitRecipe init,

        @Setting(help = "Training settings", defaultValue = "{}", heading = Heading.TRAINING)
        TrainingRecipe training,

        @Setting(help = "Distillation settings", heading = Heading.DISTILLATION) @Nullable
        DistillationRecipe distillation) {
    /** What {@link #start} calls a start without weights. */
    public static final String RANDOM_WEIGHTS = "random weights";

    /** What weights a student starts from, as {@code sweep} may choose. */
    public enum Start {
        /** Random weights. */
        RANDOM,
        /** Those of its teacher, a larger network of its family. */
        TEACHER;

        /**
         * Parse a name.
         *
         * @throws LimbeckException if there is no such start
         */
        public static Start of(String name) {
            for (Start start : values())
                if (start.name().toLowerCase(Locale.ROOT).equals(name)) return start;
            throw Names.unknown("init", name, List.of("random", "teacher"));
        }
    }

    public Recipe {
        boolean isTrained = StudentFile.of(student).isPresent();
        boolean embeds = Task.Kind.of(data.task()) == Task.Kind.EMBEDDING;
        if (!isTrained) {
            Architecture named = Zoo.byName(student);
            if (training.isQuantizationAware()) named.quantizationAware();
        }
        List<String> starts = new ArrayList<>();
        if (isTrained) starts.add("student " + student);
        if (pretrained != null) starts.add("pretrained");
        if (init != null) starts.add("init");
        if (starts.size() > 1) {
            throw new LimbeckException("a student starts from one set of weights, found " + String.join(" and ", starts)
                    + "; leave one out");
        }
        if (!isTrained && prune != null) {
            throw new LimbeckException("only a trained student can be pruned, found " + student
                    + "; set student (--student) to a run or a model file");
        }
        if (init != null) init.requireWeights(teacher);
        if (training.isQuantizationAware() && pretrained != null && !embeds) {
            pretrained = pretrained.keepingHead();
        }
        if (pretrained != null && !pretrained.keepsHead() && !training.isOneCycle() && !embeds) {
            throw new LimbeckException("a pretrained student is trained with the one-cycle schedule, found "
                    + training.schedule() + "; leave schedule out");
        }
        if (teacher == null && distillation != null) {
            throw new LimbeckException("found distillation without a teacher; name one, or leave distillation out");
        }
        if (distillation != null) {
            distillation.checkAdapterEpochs(training, pretrained == null || embeds ? 0 : pretrained.earlierEpochs());
        }
        if (distillation != null && !distillation.also().isEmpty()) {
            List<String> all = new ArrayList<>(distillation.also());
            all.add(student);
            // Several names may stand for one architecture.
            List<String> architectures = all.stream()
                    .map(one -> Zoo.find(one).map(Architecture::name).orElse(one))
                    .toList();
            for (String one : architectures) {
                if (Collections.frequency(architectures, one) == 1) continue;
                throw new LimbeckException("students that train along need different architectures, found " + one
                        + " twice; leave one out of also");
            }
            List<String> ofOne = new ArrayList<>();
            if (pretrained != null) ofOne.add("pretrained");
            if (prune != null) ofOne.add("prune");
            if (distillation.losses().stream().anyMatch(LossRecipe::isOfFeatures)) ofOne.add("losses on features");
            ofOne.addAll(training.ofOneModel());
            if (!ofOne.isEmpty()) {
                throw new LimbeckException(ofOne.get(0) + " is for one student, found also " + distillation.also()
                        + "; leave one of both out, or train the students one by one");
            }
        }
        if (embeds && teacher == null) {
            throw new LimbeckException("the task embedding learns from a teacher, found none; name one with --teacher");
        }
        if (embeds && distillation != null && !distillation.also().isEmpty()) {
            throw new LimbeckException(
                    "losses on features are for one student, found the task embedding; leave also out");
        }
        if (training.isQuantizationAware() && pretrained != null && pretrained.probe()) {
            throw new LimbeckException(
                    "a probe keeps its backbone as it is, so no ranges for int8 are found; leave probe or quantize out");
        }
        if (embeds && pretrained != null && pretrained.probe()) {
            throw new LimbeckException("a probe trains a classifier, found the task embedding; leave probe out");
        }
        if (embeds && pretrained != null) pretrained.requireNoClassifier();
        if (embeds && training.meanTeacher() != null) {
            throw new LimbeckException("a mean teacher compares outputs for labels, found the task embedding; leave "
                    + "mean_teacher out");
        }
        if (teacher != null && teacher.embedding() != null && !embeds) {
            throw new LimbeckException("found teacher.embedding with the task " + data.task()
                    + "; set the task to embedding (--task embedding), or leave it out");
        }
        if (teacher != null && distillation == null) {
            distillation = RecipeFiles.defaults(DistillationRecipe.class);
        }
        if (distillation != null) distillation = distillation.withLossFor(Task.Kind.of(data.task()));
    }

    /**
     * Read a YAML or JSON file, or the recipe in a {@code run.json}.
     *
     * @throws LimbeckException with a one-line message, if the file is unreadable, a key is unknown or a value is out
     *     of range
     */
    public static Recipe read(Path file) {
        return RecipeFiles.bind(RecipeFiles.recipeTree(file), file.toString());
    }

    /** Parse YAML or JSON text, such as a Java text block. */
    public static Recipe parse(String yaml) {
        return RecipeFiles.bind(RecipeFiles.tree(yaml, "the recipe"), "");
    }

    /**
     * Parse YAML or JSON text whose values are written over those of a preset; see {@link Presets}.
     *
     * @param preset its name
     */
    public static Recipe parse(String preset, String yaml) {
        return RecipeFiles.bind(RecipeFiles.over(preset, RecipeFiles.tree(yaml, "the recipe"), false), "");
    }

    /** Return YAML text that {@link #parse} reads back to an equal recipe. */
    public String toYaml() {
        return RecipeFiles.yaml(this);
    }

    /** Return this recipe as a tree of plain values with snake_case keys. Unset keys are left out. */
    public ObjectNode toTree() {
        return RecipeFiles.tree(this);
    }

    /** Return a copy with another training seed. It also sets sample order and splits if the data has no seed. */
    public Recipe withSeed(long seed) {
        return new Recipe(data, teacher, student, pretrained, prune, init, training.withSeed(seed), distillation);
    }

    /** Return a copy with another architecture of the student, without others that train along. It is not pruned. */
    Recipe withStudent(String other) {
        DistillationRecipe single = distillation == null ? null : Sections.with(distillation, "also", List.of());
        return new Recipe(data, teacher, other, pretrained, null, init, training, single);
    }

    /** Return a copy without the teacher. It starts from the same weights, even if they are the teacher's. */
    public Recipe alone() {
        InitRecipe start = init == null || teacher == null ? init : init.without(teacher);
        return new Recipe(data, null, student, pretrained, prune, start, training, null);
    }

    /** Return a copy that starts from random weights, or from those of its teacher. */
    public Recipe startingFrom(Start start) {
        InitRecipe other = start == Start.RANDOM ? null : InitRecipe.ofTeacher();
        return new Recipe(data, teacher, student, null, prune, other, training, distillation);
    }

    /** Return what the student starts from, in words. */
    public String start() {
        if (pretrained != null) return "the pretrained weights of " + pretrained.weights();
        if (StudentFile.of(student).isPresent()) return "the weights of " + student;
        if (init == null) return RANDOM_WEIGHTS;
        return "the weights of " + (teacher == null ? init : init.without(teacher)).from();
    }

    /** Return whether the student learns an embedding, without labels. */
    boolean embeds() {
        return Task.Kind.of(data.task()) == Task.Kind.EMBEDDING;
    }

    /**
     * Check that the student can start as {@code init} says, before its data are opened.
     *
     * @param loaded the opened teacher; null for none
     * @throws LimbeckException in one line, naming both networks, if it cannot
     */
    public void checkStart(@Nullable LoadedTeacher loaded, RunContext context) {
        if (init == null) return;
        init.check(architecture(), loaded, context.quiet().log());
        if (distillation == null) return;
        for (String other : distillation.also())
            init.check(Zoo.byName(other), loaded, context.quiet().log());
    }

    /**
     * Return whether the student can start as {@code init} says.
     *
     * @param loaded the opened teacher; null for none
     * @throws LimbeckException in one line, if the weights cannot be read
     */
    public boolean canStart(@Nullable LoadedTeacher loaded, RunContext context) {
        return init == null
                || init.allows(architecture(), loaded, context.quiet().log());
    }

    /** Return the SHA-256 of the weights in the file that the student starts from, in hex; empty if there is none, or it is the teacher. */
    public String startSha256(RunContext context) {
        if (init != null) return init.sha256(context.quiet().log());
        if (pretrained != null) return pretrained.sha256();
        return StudentFile.of(student).map(StudentFile::sha256).orElse("");
    }

    /** Return the number of training epochs, including frozen ones and those between prunings. */
    public int epochs() {
        return training.epochs()
                + (pretrained == null || embeds() ? 0 : pretrained.earlierEpochs())
                + (prune == null ? 0 : prune.earlierEpochs());
    }

    /**
     * Open the data for the student. Where the recipe does not say how inputs are prepared, pretrained weights do, then the teacher, then a
     * larger model whose weights it starts from.
     *
     * @param seed used if the data has none
     * @param ofTeacher preprocessing of the teacher; empty for none
     * @throws LimbeckException if the source is missing or unusable
     */
    public Data open(long seed, Map<String, String> ofTeacher, RunContext context) {
        Map<String, String> known = preferredPreprocessing(ofTeacher);
        if (known.isEmpty() && init != null) known = init.preprocessing();
        return data.open(seed, architecture(), known, context);
    }

    private Map<String, String> preferredPreprocessing(Map<String, String> ofTeacher) {
        Map<String, String> ofWeights = pretrained != null
                ? pretrained.preprocessing()
                : StudentFile.of(student).map(StudentFile::preprocessing).orElse(Map.of());
        return ofWeights.isEmpty() ? ofTeacher : ofWeights;
    }

    /**
     * Check that students can share opened data: each alone would prepare its inputs in the same way.
     *
     * @param ofTeacher preprocessing of the teacher; empty for none
     * @throws LimbeckException naming two students and what differs
     */
    public static void requireSamePreparation(Collection<Recipe> recipes, Map<String, String> ofTeacher) {
        Recipe first = null;
        Map<String, String> expected = Map.of();
        for (Recipe recipe : recipes) {
            Map<String, String> found =
                    recipe.data.preparation(recipe.architecture(), recipe.preferredPreprocessing(ofTeacher));
            if (first == null) {
                first = recipe;
                expected = found;
            }
            Set<String> keys = new TreeSet<>(expected.keySet());
            keys.addAll(found.keySet());
            for (String key : keys) {
                String one = String.valueOf(expected.get(key));
                String other = String.valueOf(found.get(key));
                if (one.equals(other)) continue;
                throw new LimbeckException("these students share prepared inputs, found " + key + " "
                        + Printable.line(one) + " for " + first.student + " and " + Printable.line(other) + " for "
                        + recipe.student + "; set it in data, or leave one of both out");
            }
        }
    }

    /** Return what mixes rows, if anything does. */
    Optional<Mixup> mixing() {
        return training.mixing(data.shownViews());
    }

    /** Return opened data as a training sees it: perhaps with mixed rows. */
    Data shown(Data opened) {
        return mixing().map(mixup -> mixup.decorate(opened)).orElse(opened);
    }

    /** Return the context in which the teacher computes: as in a training, so that cached outputs serve both. */
    public TeacherContext teacherContext(Data opened, RunContext context) {
        Device device = Engine.device(context.device());
        return new TeacherContext(shown(opened), device, Precision.of(training.precision(), device), null);
    }

    /**
     * Return the student's architecture; that of a trained model before it is pruned.
     *
     * @throws LimbeckException if the student is a file that does not say it
     */
    public Architecture architecture() {
        Architecture named = architecture(student);
        return training.isQuantizationAware() ? named.quantizationAware() : named;
    }

    /**
     * Return the architecture of a student, which is named as in a recipe: by its architecture, or by a trained model's file.
     *
     * @throws LimbeckException if there is none, or the file does not say it
     */
    public static Architecture architecture(String student) {
        return StudentFile.of(student).map(StudentFile::architecture).orElseGet(() -> Zoo.byName(student));
    }

    /**
     * Check that the student can be made, before anything large is opened.
     *
     * @throws LimbeckException if its file is missing, or it cannot be pruned
     */
    public void requireStudent() {
        Architecture found = architecture();
        if (prune != null) found.withWidths(found.widths());
    }
}
