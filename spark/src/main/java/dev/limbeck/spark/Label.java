package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.image.Resize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.SparkException;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compute a teacher's outputs with Spark: {@code spark-submit --class dev.limbeck.spark.Label limbeck-spark.jar …}. */
@Command(
        name = "Label",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        description = "Compute a teacher's outputs for many rows, and write a folder for --cache-teacher.")
public final class Label implements Callable<Integer> {
    private static final List<String> FORMATS = List.of("images", "parquet", "csv", "tsv", "json", "orc", "text");

    private static final String OPEN_COST = "spark.sql.files.openCostInBytes";
    private static final long SMALL_COST = 1 << 16;

    @Option(names = "--teacher", required = true, description = "Run or model file, at the same path on all machines")
    String teacher = "";

    @Option(
            names = "--teacher-setting",
            paramLabel = "KEY=VALUE",
            description = "Key of a recipe's teacher section, such as architecture=cifar-resnet20; repeatable")
    Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--input", required = true, description = "Folder or files of the rows")
    String input = "";

    @Option(
            names = "--format",
            description =
                    "images, parquet, csv, tsv, json, orc or text (default: by the name's ending; images for others)")
    @Nullable
    String format;

    @Option(names = "--out", required = true, description = "Folder to write")
    String out = "";

    @Option(
            names = "--column",
            description =
                    "Column of contents or paths of images (default: content), or of texts (default: the teacher's)")
    @Nullable
    String column;

    @Option(
            names = "--ignore-columns",
            split = ",",
            paramLabel = "NAMES",
            description = "Columns of texts or tables that are no inputs, such as labels")
    List<String> ignored = List.of();

    @Option(
            names = "--missing",
            split = ",",
            paramLabel = "CELLS",
            description = "Cells of tables that mean no value, such as ? (default: the teacher's)")
    @Nullable
    List<String> missing;

    @Option(
            names = "--cache-dtype",
            paramLabel = "TYPE",
            description = "float32, float16 or such as top-5 (default: float32)")
    String dtype = "float32";

    @Option(
            names = "--task",
            description =
                    "Task of the student: single-label, multi-label, regression or embedding (default: the teacher's)")
    @Nullable
    String task;

    @Option(names = "--precision", description = "auto, fp32 or bf16 (default: auto)")
    String precision = "auto";

    @Option(names = "--batch-size", description = "Rows that the teacher computes at once (default: 64)")
    int batchSize = 64;

    @Option(names = "--image-size", description = "Side of the student's images (default: the teacher's)")
    @Nullable
    Integer imageSize;

    @Option(names = "--resize", description = "squish, crop or pad (default: the teacher's)")
    @Nullable
    String resize;

    @Option(
            names = "--mean",
            paramLabel = "M,M,M",
            description = "Means of the student's images (default: the teacher's)")
    @Nullable
    String mean;

    @Option(
            names = "--std",
            paramLabel = "S,S,S",
            description = "Deviations of the student's images (default: the teacher's)")
    @Nullable
    String std;

    @Option(
            names = "--max-unreadable",
            paramLabel = "SHARE",
            description = "Share of rows that may be unreadable (default: 0.01)")
    double mostUnreadable = 0.01;

    public static void main(String[] args) {
        Programs.run(new Label(), args);
    }

    @Override
    public Integer call() {
        Labeling labeling = labeling();
        SparkSession spark = Programs.session("limbeck label " + out);
        try {
            LabelResult result = labeling.write(rows(spark), out);
            if (result.unreadable() > 0) System.err.println(result.unreadableWords());
            System.out.println(result.words());
            return 0;
        } finally {
            spark.stop();
        }
    }

    private Labeling labeling() {
        if (batchSize < 1) throw new LimbeckException("--batch-size must be at least 1, found " + batchSize);
        if (!(mostUnreadable >= 0 && mostUnreadable <= 1)) {
            throw new LimbeckException("--max-unreadable must be from 0 to 1, found " + mostUnreadable);
        }
        if ((mean == null) != (std == null)) throw new LimbeckException("set --mean and --std together");
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("model", teacher);
        Labeling labeling = Labeling.by(all)
                .encoding(Encoding.of(dtype))
                .precision(precision)
                .batchSize(batchSize)
                .mostUnreadable(mostUnreadable)
                .ignore(ignored);
        if (task != null) labeling.task(Task.Kind.of(task));
        if (column != null) labeling.column(column);
        if (missing != null) labeling.missing(missing);
        if (imageSize != null) labeling.imageSize(imageSize);
        if (resize != null) labeling.resize(resize(resize));
        if (mean != null && std != null) labeling.normalize(mean, std);
        return labeling;
    }

    private static Resize resize(String name) {
        List<String> all = List.of("squish", "crop", "pad");
        if (!all.contains(name)) throw Names.unknown("resize method", name, all);
        return Resize.valueOf(name.toUpperCase(Locale.ROOT));
    }

    Dataset<Row> rows(SparkSession spark) {
        String kind = format == null ? format(input) : format;
        if (!FORMATS.contains(kind)) throw Names.unknown("format", kind, FORMATS);
        // Otherwise Spark makes a task of 32 small files.
        if (!spark.sparkContext().getConf().contains(OPEN_COST)) spark.conf().set(OPEN_COST, SMALL_COST);
        DataFrameReader reader = spark.read();
        try {
            return switch (kind) {
                case "images" ->
                    reader.format("binaryFile")
                            .option("recursiveFileLookup", "true")
                            .load(input)
                            .select("path", "content");
                case "csv", "tsv" ->
                    reader.option("header", "true")
                            .option("sep", kind.equals("csv") ? "," : "\t")
                            .option("escape", "\"")
                            .option("multiLine", "true")
                            .option("mode", "FAILFAST")
                            .csv(input);
                case "json" ->
                    reader.option("primitivesAsString", "true")
                            .option("mode", "FAILFAST")
                            .json(input);
                case "text" -> reader.text(input).withColumnRenamed("value", "text");
                default -> reader.format(kind).load(input);
            };
        } catch (Exception e) {
            // Scala declares no checked exceptions, and throws them.
            if (e instanceof AnalysisException || e instanceof SparkException)
                throw SparkErrors.inOneLine("cannot read the input " + input, e);
            throw e;
        }
    }

    /** Return the format that a name's ending tells; images for others. */
    static String format(String input) {
        String name = input.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$|/+$", "");
        String ending = name.substring(name.lastIndexOf('.') + 1);
        return switch (ending) {
            case "jsonl", "ndjson" -> "json";
            case "txt" -> "text";
            default -> FORMATS.contains(ending) ? ending : "images";
        };
    }
}
