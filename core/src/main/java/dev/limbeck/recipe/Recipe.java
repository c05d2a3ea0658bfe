package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Describe one training run: everything that decides its result but the machine. A recipe is plain data; a file of it
 * names no code, and keys it does not know are refused.
 *
 * <p>{@link #read}, {@link #parse} and {@link RecipeFiles#bind} fill in defaults and check values, by what each {@link Setting}
 * declares; the constructors of the records check only what several settings have to do with each other.
 */
public record Recipe(
        @Setting(help = "The images and how they become batches", required = true, heading = Heading.DATA)
        DataRecipe data,

        @Setting(help = "The model to learn from; leave it out to train on the labels alone", heading = Heading.TEACHER)
        @Nullable
        TeacherRecipe teacher,

        @Setting(
                help = "Architecture, such as resnet18 or cifar-resnet20",
                required = true,
                options = "--arch",
                heading = Heading.STUDENT)
        String student,

        @Setting(
                help = "Fine-tune ImageNet's weights below a new classifier",
                options = "--pretrained",
                heading = Heading.STUDENT)
        @Nullable
        PretrainedRecipe pretrained,

        @Setting(help = "How to train", defaultValue = "{}", heading = Heading.TRAINING)
        TrainingRecipe training,

        @Setting(help = "How to learn from the teacher", heading = Heading.DISTILLATION) @Nullable
        DistillationRecipe distillation) {
    public Recipe {
        Zoo.byName(student);
        if (pretrained != null && !training.isOneCycle()) {
            throw new LimbeckException("a pretrained student is trained with the one-cycle schedule, found "
                    + training.schedule() + "; leave schedule out");
        }
        if (teacher == null && distillation != null) {
            throw new LimbeckException("found distillation without a teacher; name one, or leave distillation out");
        }
        boolean mixes = training.mixup() != null || training.cutmix() != null;
        if (teacher != null && teacher.cache() != null && mixes) {
            throw new LimbeckException(
                    "answers about mixed images (mixup, cutmix) cannot be kept, because each is seen once; "
                            + "leave the mixing out, or teacher.cache (--cache-teacher)");
        }
        if (teacher != null && distillation == null) distillation = DistillationRecipe.defaults();
    }

    /**
     * Read a YAML or JSON file, or the recipe in a {@code run.json}.
     *
     * @throws LimbeckException in one line, if it cannot be read, has a key that nothing knows, or a value out of range
     */
    public static Recipe read(Path file) {
        return RecipeFiles.bind(RecipeFiles.recipeTree(file), file.toString());
    }

    /** Read YAML or JSON text, such as a text block. */
    public static Recipe parse(String yaml) {
        return RecipeFiles.bind(RecipeFiles.tree(yaml, "the recipe"), "");
    }

    /** Return the YAML text that {@link #read} turns back into this recipe. */
    public String toYaml() {
        return RecipeFiles.yaml(this);
    }

    /** Return this recipe as a tree of plain values, keys in snake_case and only those that are set. */
    public ObjectNode toTree() {
        return RecipeFiles.tree(this);
    }

    /** Return the same recipe with another seed of weights and draws, and of order and splits where the data has none. */
    public Recipe withSeed(long seed) {
        return new Recipe(data, teacher, student, pretrained, training.withSeed(seed), distillation);
    }

    /** Return the same recipe without a teacher. */
    public Recipe alone() {
        return new Recipe(data, null, student, pretrained, training, null);
    }

    /** Return how many epochs the student is trained, frozen ones included. */
    public int epochs() {
        return training.epochs() + (pretrained == null ? 0 : pretrained.frozenEpochs());
    }

    /** Return the student's architecture. */
    public Architecture architecture() {
        return Zoo.byName(student);
    }
}
