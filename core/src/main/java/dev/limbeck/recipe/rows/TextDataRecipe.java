package dev.limbeck.recipe.rows;

import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.Setting;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Declare the settings of texts: a column of CSV, TSV or JSON lines. */
public record TextDataRecipe(
        @Setting(
                help = "CSV, TSV or JSON lines, or a folder with train, valid and test files",
                required = true,
                options = "--data",
                label = "SOURCE")
        String source,

        @Setting(help = "Column of the text", required = true, label = "NAME")
        String textColumn,

        @Setting(
                help = "Number of ids of hashed words",
                atLeast = 1,
                atMost = 1 << 24,
                whenUnset = "the model's or 16384",
                rare = true)
        @Nullable
        Integer buckets,

        @Setting(help = "Columns to predict", label = "NAMES") @Nullable
        List<String> labelColumns,

        @Setting(
                help = "Task",
                defaultValue = "single-label",
                oneOf = {"single-label", "multi-label", "regression"},
                options = "--task")
        String task,

        @Setting(help = "File of the test split", options = "--test-data", label = "FILE", rare = true) @Nullable
        String test,

        @Setting(help = "File of rows without labels, used with the teacher's outputs", label = "FILE") @Nullable
        String unlabeled,

        @Setting(help = "Rows per batch", defaultValue = "64", atLeast = 1)
        Integer batchSize,

        @Setting(
                help = "Validation share, if there is no such split",
                defaultValue = "0.2",
                atLeast = 0,
                below = 1,
                label = "SHARE",
                rare = true)
        Double validFraction,

        @Setting(help = "Maximum number of labeled training rows", atLeast = 1) @Nullable
        Integer maxTrainSamples,

        @Setting(help = "Maximum number of labeled training rows per class", atLeast = 1) @Nullable
        Integer labelsPerClass,

        @Setting(help = "Keep the rows beyond those limits as unlabeled ones", defaultValue = "false")
        Boolean keepUnlabeled,

        @Setting(help = "Sample all classes equally often in each epoch", defaultValue = "false", rare = true)
        Boolean balanced,

        @Setting(help = "Seed of splits and order", whenUnset = "training seed", options = "--data-seed", rare = true)
        @Nullable
        Long seed)
        implements DataRecipe {
    public TextDataRecipe {
        labelColumns = labelColumns == null ? List.of() : List.copyOf(labelColumns);
    }

    @Override
    public String kind() {
        return TextPreprocessing.KIND;
    }

    @Override
    public Data open(
            long otherSeed, Architecture architecture, Map<String, String> savedPreprocessing, RunContext context) {
        Rows rows = Rows.read(
                Path.of(source),
                test == null ? null : Path.of(test),
                unlabeled == null ? null : Path.of(unlabeled),
                labelColumns == null ? List.of() : labelColumns,
                Task.Kind.of(task),
                Set.of(),
                context.log());
        TextPreprocessing saved = TextPreprocessing.of(textColumn).with(savedPreprocessing);
        TextPreprocessing own =
                new TextPreprocessing(textColumn, buckets == null ? saved.buckets() : buckets, saved.most());
        return new RowData(rows, splits(otherSeed), batchSize, plan -> new TextEncoding(own));
    }

    private SplitSettings splits(long otherSeed) {
        return new SplitSettings(
                seed == null ? otherSeed : seed,
                validFraction,
                maxTrainSamples == null ? 0 : maxTrainSamples,
                labelsPerClass == null ? 0 : labelsPerClass,
                keepUnlabeled,
                balanced);
    }
}
