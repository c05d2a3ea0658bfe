package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.Setting;
import dev.limbeck.recipe.SplitRecipe;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Declare the settings of rows with named columns, CSV, TSV or JSON lines: texts if a column of texts is named, else tables. */
public record RowDataRecipe(
        @Setting(
                help = "CSV, TSV or JSON lines, or a folder with train, valid and test files",
                required = true,
                options = "--data",
                label = "SOURCE")
        String source,

        @Setting(help = "Column of the text; without it, the rows are a table", label = "NAME") @Nullable
        String textColumn,

        @Setting(
                help = "Number of ids of hashed words",
                atLeast = 1,
                atMost = 1 << 24,
                whenUnset = "the model's or 16384",
                rare = true)
        @Nullable
        Integer buckets,

        @Setting(help = "Columns of words, even if they look like numbers", label = "NAMES", rare = true) @Nullable
        List<String> categorical,

        @Setting(help = "Columns that are no inputs", options = "--ignore-columns", label = "NAMES", rare = true)
        @Nullable
        List<String> ignore,

        @Setting(help = "Cells that mean no value, besides empty ones", label = "WORDS", rare = true) @Nullable
        List<String> missing,

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

        @JsonUnwrapped SplitRecipe splits)
        implements DataRecipe {
    public RowDataRecipe {
        labelColumns = labelColumns == null ? List.of() : List.copyOf(labelColumns);
        if (categorical != null) categorical = List.copyOf(categorical);
        if (ignore != null) ignore = List.copyOf(ignore);
        if (missing != null) missing = List.copyOf(missing);
        String needless = textColumn == null
                ? buckets == null ? null : "buckets are of texts; name their column (text_column, --text-column)"
                : categorical == null && ignore == null
                        ? null
                        : "categorical and ignore are of tables, and text_column names texts; leave one of them out";
        if (needless != null) throw new LimbeckException(needless);
    }

    @Override
    public String kind() {
        return textColumn == null ? TablePreprocessing.KIND : TextPreprocessing.KIND;
    }

    /** {@inheritDoc} The columns are those of a saved model, unless columns are chosen here. */
    @Override
    public Data open(
            long otherSeed, Architecture architecture, Map<String, String> savedPreprocessing, RunContext context) {
        Rows rows = Rows.read(
                Path.of(source),
                test == null ? null : Path.of(test),
                unlabeled == null ? null : Path.of(unlabeled),
                labelColumns == null ? List.of() : labelColumns,
                Task.Kind.of(task),
                missing == null ? Set.of() : Set.copyOf(missing),
                context.log());
        return new RowData(
                rows, splits.settings(otherSeed), batchSize, plan -> encoding(rows, plan, savedPreprocessing, context));
    }

    private RowEncoding encoding(Rows rows, SplitPlan plan, Map<String, String> saved, RunContext context) {
        if (textColumn != null) {
            TextPreprocessing text = TextPreprocessing.of(textColumn).with(saved);
            return new TextEncoding(
                    new TextPreprocessing(textColumn, buckets == null ? text.buckets() : buckets, text.most()));
        }
        boolean chosen = categorical != null || ignore != null;
        return !chosen && TablePreprocessing.isIn(saved)
                ? new TableEncoding(TablePreprocessing.of(saved))
                : fitted(rows, plan, context);
    }

    private RowEncoding fitted(Rows rows, SplitPlan plan, RunContext context) {
        List<String> without = ignore == null ? List.of() : ignore;
        for (String name : without) {
            if (!rows.header().contains(name)) throw Names.unknown("column", name, source, rows.header());
        }
        List<String> header =
                rows.header().stream().filter(name -> !without.contains(name)).toList();
        int[] at = header.stream().mapToInt(rows.header()::indexOf).toArray();
        List<String[]> training = Arrays.stream(plan.of(Split.TRAIN))
                .mapToObj(row -> Arrays.stream(at)
                        .mapToObj(column -> rows.cells(row)[column])
                        .toArray(String[]::new))
                .toList();
        return new TableEncoding(TablePreprocessing.fit(
                header, training, categorical == null ? Set.of() : Set.copyOf(categorical), context.log()));
    }
}
