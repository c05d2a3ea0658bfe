package dev.limbeck.recipe.rows;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.rows.TextFolder;
import dev.limbeck.data.table.Munge;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.data.text.WordDropout;
import dev.limbeck.model.TokenizerFiles;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.Heading;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.Setting;
import dev.limbeck.recipe.SplitRecipe;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.text.HashedWords;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Declare the settings of rows with named columns, CSV, TSV or JSON lines: texts if a column of texts is named, else tables. */
public record RowDataRecipe(
        @Setting(
                help = "CSV, TSV or JSON lines, or a folder with train, valid and test files",
                required = true,
                options = "--data",
                label = "SOURCE")
        String source,

        @Setting(help = "Text column; without it, rows are a table", label = "NAME") @Nullable
        String textColumn,

        @Setting(
                help = "Number of ids of hashed words",
                atLeast = 1,
                atMost = 1 << 24,
                whenUnset = "the model's or 16384",
                rare = true)
        @Nullable
        Integer buckets,

        @Setting(
                help = "hashed, or BERT's file or folder",
                whenUnset = "the model's or hashed",
                label = "FILE",
                rare = true)
        @Nullable
        String tokenizer,

        @Setting(
                help = "Maximum number of tokens of a text",
                atLeast = 2,
                whenUnset = "the tokenizer's",
                label = "N",
                rare = true)
        @Nullable
        Integer maxTokens,

        @Setting(
                help = "Share of words to leave out of training texts",
                defaultValue = "0",
                atLeast = 0,
                below = 1,
                label = "SHARE",
                heading = Heading.AUGMENTATION,
                rare = true)
        Double wordDropout,

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

        @Setting(
                help = "Test split: a file; for texts also a folder of classes",
                options = "--test-data",
                label = "FILE",
                rare = true)
        @Nullable
        String test,

        @Setting(
                help = "Rows without labels, for the teacher's outputs: a file; for texts also a folder",
                label = "FILE")
        @Nullable
        String unlabeled,

        @Setting(
                help = "Rows to make of training rows, which the teacher labels: munge:3",
                label = "HOW",
                heading = Heading.AUGMENTATION,
                rare = true)
        @Nullable
        String synthetic,

        @Setting(help = "Rows per batch", defaultValue = "64", atLeast = 1)
        Integer batchSize,

        @JsonUnwrapped SplitRecipe splits)
        implements DataRecipe {
    private static final String HASHED = "hashed";

    public RowDataRecipe {
        labelColumns = labelColumns == null ? List.of() : List.copyOf(labelColumns);
        if (categorical != null) categorical = List.copyOf(categorical);
        if (ignore != null) ignore = List.copyOf(ignore);
        if (missing != null) missing = List.copyOf(missing);
        if (Set.copyOf(labelColumns).size() < labelColumns.size()) {
            throw new LimbeckException("label_columns must name each column once, found " + Names.quoted(labelColumns));
        }
        for (String label : labelColumns) {
            if (label.equals(textColumn) || ignore != null && ignore.contains(label)) {
                throw new LimbeckException("the column '" + label + "' is a label; name it in label_columns alone");
            }
        }
        if (textColumn == null && (buckets != null || tokenizer != null || maxTokens != null || wordDropout > 0)) {
            throw new LimbeckException(
                    "buckets, tokenizer, max_tokens and word_dropout are of texts; name their column (text_column, "
                            + "--text-column)");
        }
        if (textColumn != null && (categorical != null || ignore != null)) {
            throw new LimbeckException(
                    "categorical and ignore are of tables, and text_column names texts; leave one of them out");
        }
        if (synthetic != null) {
            Munge.of(synthetic);
            if (textColumn != null) {
                throw new LimbeckException(
                        "synthetic rows are of tables, and text_column names texts; leave synthetic (--synthetic) out");
            }
        }
        if (buckets != null && tokenizer != null && !tokenizer.equals(HASHED)) {
            throw new LimbeckException(
                    "buckets are of hashed words, found the tokenizer " + tokenizer + "; choose one");
        }
    }

    /**
     * Return whether a data section names rows, and no labels of images.
     *
     * @param texts whether texts are wanted, or tables
     */
    static boolean opens(JsonNode data, boolean texts) {
        String source = data.path("source").asText();
        return !data.has("labels")
                && !data.has("label_regex")
                && texts == (data.has("text_column") || isTextFolder(source))
                && Rows.areAt(source);
    }

    static boolean isTextFolder(String source) {
        try {
            return !source.isBlank() && TextFolder.isAt(Path.of(source));
        } catch (InvalidPathException e) {
            return false; // reported when it is opened
        }
    }

    @Override
    public String kind() {
        return textColumn == null ? TablePreprocessing.KIND : TextPreprocessing.KIND;
    }

    /** {@inheritDoc} Columns of a table are those of the preferred preprocessing, unless columns are chosen here. */
    @Override
    public Data open(long otherSeed, Architecture architecture, Map<String, String> preferred, RunContext context) {
        Rows rows = rows(context);
        if (textColumn != null) return data(rows, otherSeed, plan -> texts(textColumn, architecture, preferred));
        if (synthetic == null) return data(rows, otherSeed, plan -> table(rows, plan, preferred, context));
        SplitSettings settings = splits.settings(otherSeed);
        SplitPlan real = new SplitPlan(rows, IntStream.range(0, rows.size()).toArray(), settings);
        RowEncoding encoding = table(rows, real, preferred, context);
        TablePreprocessing taken = takes(preferred) ? TablePreprocessing.of(preferred) : null;
        return data(rows.with(munged(rows, real, taken, settings.seed(), context)), otherSeed, plan -> encoding);
    }

    /** Return whether a table's columns are those of the preferred preprocessing. */
    private boolean takes(Map<String, String> preferred) {
        return categorical == null && ignore == null && TablePreprocessing.isIn(preferred);
    }

    private RowEncoding table(Rows rows, SplitPlan plan, Map<String, String> preferred, RunContext context) {
        return takes(preferred) ? new TableEncoding(TablePreprocessing.of(preferred)) : fitted(rows, plan, context);
    }

    /** Make rows. Columns of words, and those that are no inputs, are those of the taken preprocessing, if there is one. */
    private List<String[]> munged(
            Rows rows, SplitPlan plan, @Nullable TablePreprocessing taken, long seed, RunContext context) {
        Munge munge = Munge.of(String.valueOf(synthetic));
        List<String[]> training =
                Arrays.stream(plan.of(Split.TRAIN)).mapToObj(rows::cells).toList();
        Set<String> words = categorical == null ? Set.of() : Set.copyOf(categorical);
        Set<String> fixed = ignore == null ? Set.of() : Set.copyOf(ignore);
        if (taken != null) {
            words = Set.copyOf(taken.words());
            fixed = new HashSet<>(rows.header());
            taken.names().forEach(fixed::remove);
        }
        List<String[]> made = munge.rows(rows.header(), training, words, fixed, seed);
        context.log()
                .accept(made.size() + " synthetic rows are made of " + training.size() + " training rows (munge, p = "
                        + munge.probability() + ", s = " + munge.locality() + "); the teacher labels them");
        return made;
    }

    private RowData data(Rows rows, long otherSeed, Function<SplitPlan, RowEncoding> encoding) {
        return new RowData(
                rows,
                splits.settings(otherSeed),
                batchSize,
                encoding,
                wordDropout > 0 ? new WordDropout(wordDropout) : null);
    }

    private Rows rows(RunContext context) {
        return Rows.read(
                new RowFiles(
                        Path.of(source),
                        test == null ? null : Path.of(test),
                        unlabeled == null ? null : Path.of(unlabeled),
                        textColumn),
                labelColumns,
                Task.Kind.of(task),
                missing == null ? Set.of() : Set.copyOf(missing),
                context.log());
    }

    private TextEncoding texts(String column, Architecture architecture, Map<String, String> preferred) {
        List<Tokenizer> possible = new ArrayList<>();
        if (tokenizer != null && !tokenizer.equals(HASHED)) {
            possible.add(TokenizerFiles.read(Path.of(tokenizer)));
        } else {
            if (tokenizer == null && buckets == null && TextPreprocessing.isIn(preferred)) {
                possible.add(TextPreprocessing.of(column).with(preferred).tokenizer());
            }
            HashedWords defaults = HashedWords.defaults();
            possible.add(new HashedWords(buckets == null ? defaults.buckets() : buckets, defaults.most()));
        }
        TextEncoding last = new TextEncoding(TextPreprocessing.of(column));
        for (Tokenizer one : possible) {
            Tokenizer limited = maxTokens == null ? one : one.withMost(maxTokens);
            last = new TextEncoding(new TextPreprocessing(column, limited));
            if (!architecture.isSizedByInputs() || architecture.takes(last.inputs())) return last;
        }
        if (last.text().tokenizer() instanceof HashedWords bag) {
            TextEncoding inOrder = new TextEncoding(new TextPreprocessing(column, bag.ordered()));
            if (architecture.takes(inOrder.inputs())) return inOrder;
        }
        InputSpec tokens = InputSpec.ids(InputSpec.TOKENS, 2, 0, InputSpec.FREE);
        if (!architecture.takes(List.of(tokens))) return last; // refused when the network is made
        throw new LimbeckException(architecture.name() + " takes " + architecture.taken() + ", found "
                + last.inputs().get(0) + "; name a tokenizer for it (tokenizer, --tokenizer)");
    }

    /** {@inheritDoc} Nothing is fitted: the model's inputs are what it was trained with. */
    @Override
    public Data openFor(long otherSeed, Architecture architecture, Map<String, String> saved, RunContext context) {
        boolean known = textColumn == null ? TablePreprocessing.isIn(saved) : TextPreprocessing.isIn(saved);
        if (!known) return open(otherSeed, architecture, saved, context);
        RowEncoding encoding = textColumn == null ? savedTable(saved) : savedText(textColumn, saved);
        return data(rows(context), otherSeed, plan -> encoding);
    }

    private RowEncoding savedText(String column, Map<String, String> saved) {
        TextPreprocessing text = TextPreprocessing.of(column).with(saved);
        boolean other =
                buckets != null && !(text.tokenizer() instanceof HashedWords words && words.buckets() == buckets);
        if (other || maxTokens != null && maxTokens != text.tokenizer().most() || !isOwn(text.tokenizer())) {
            throw new LimbeckException("the model reads " + text.tokenizer().identity() + "; leave tokenizer, buckets "
                    + "and max_tokens (--tokenizer, --buckets, --max-tokens) out");
        }
        return new TextEncoding(new TextPreprocessing(column, text.tokenizer()));
    }

    /** Return whether a model's tokenizer is the one named here. The file of a run's recipe may be gone; the model has its content. */
    private boolean isOwn(Tokenizer saved) {
        if (tokenizer == null) return true;
        if (tokenizer.equals(HASHED)) return saved instanceof HashedWords;
        Path file = Path.of(tokenizer);
        return !Files.exists(file)
                || TokenizerFiles.read(file).withMost(saved.most()).equals(saved);
    }

    private RowEncoding savedTable(Map<String, String> saved) {
        TableEncoding table = new TableEncoding(TablePreprocessing.of(saved));
        List<String> read = table.columns();
        if (ignore != null) {
            ignore.stream().filter(read::contains).findFirst().ifPresent(name -> {
                throw new LimbeckException(
                        "the model reads the column '" + name + "'; leave it out of ignore (--ignore-columns)");
            });
        }
        if (categorical != null) {
            List<String> numbers = table.table().numeric();
            categorical.stream().filter(numbers::contains).findFirst().ifPresent(name -> {
                throw new LimbeckException("the model reads the column '" + name
                        + "' as numbers; leave it out of categorical (--categorical)");
            });
        }
        return table;
    }

    private RowEncoding fitted(Rows rows, SplitPlan plan, RunContext context) {
        List<String> without = ignore == null ? List.of() : ignore;
        for (String name : without) {
            if (!rows.header().contains(name)) throw Names.unknown("column", name, source, rows.header());
        }
        List<String> header =
                rows.header().stream().filter(name -> !without.contains(name)).toList();
        int[] at = header.stream().mapToInt(rows.header()::indexOf).toArray();
        for (int row : plan.of(Split.TRAIN)) {
            for (int column : at) {
                if (rows.cells(row)[column] != null) continue;
                throw new LimbeckException(rows.name(row) + ": its file has no column '"
                        + rows.header().get(column) + "'; add it, or ignore it (ignore, --ignore-columns)");
            }
        }
        int[] train = plan.of(Split.TRAIN);
        IntStream others = IntStream.range(0, rows.size()).filter(row -> Arrays.binarySearch(train, row) < 0);
        rows.counters().stream()
                .filter(header::contains)
                .forEach(name -> context.log()
                        .accept("the column '" + name
                                + "' counts the rows; if it says nothing else, leave it out (ignore, "
                                + "--ignore-columns)"));
        return new TableEncoding(TablePreprocessing.fit(
                header,
                cells(rows, at, Arrays.stream(train)),
                cells(rows, at, others),
                categorical == null ? Set.of() : Set.copyOf(categorical),
                missing == null ? Set.of() : Set.copyOf(missing),
                context.log()));
    }

    private static List<String[]> cells(Rows rows, int[] columns, IntStream some) {
        return some.mapToObj(row -> Arrays.stream(columns)
                        .mapToObj(column -> rows.cells(row)[column])
                        .toArray(String[]::new))
                .toList();
    }
}
