package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.cache.ParquetForm;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.Precision;
import dev.limbeck.text.TextPreprocessing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Compute a teacher's outputs for the rows of a Spark data set, and write them to a folder that {@code --cache-teacher} and {@code
 * CachedTeacher.onDisk} take:
 *
 * <pre>{@code
 * Labeling.by(Map.of("model", "/models/teacher")).encoding(Encoding.FLOAT16).write(images, "hdfs:///labels");
 * }</pre>
 *
 * <p>Each executor opens the teacher once, at the same path. Each key is written once, whatever fails on the way. Images are labeled as they
 * are, without augmentation.
 */
public final class Labeling {
    private static final double MOST_UNREADABLE = 0.01;
    /** Size of Parquet files before compression. */
    private static final long FILE_BYTES = 128L << 20;

    private final Map<String, String> teacher;
    private Encoding encoding = Encoding.FLOAT32;
    private String precision = Precision.AUTO;
    private int batchSize = 64;
    private double mostUnreadable = MOST_UNREADABLE;
    private Task.@Nullable Kind task;
    private final Map<String, String> images = new LinkedHashMap<>();
    private @Nullable String column;
    private List<String> ignored = List.of();
    private @Nullable Set<String> missing;

    private Labeling(Map<String, String> teacher) {
        this.teacher = new LinkedHashMap<>(teacher);
    }

    /**
     * Label by a teacher.
     *
     * @param settings keys and values of a recipe's section {@code teacher}, at least {@code model}; lists are written as in JSON
     */
    public static Labeling by(Map<String, String> settings) {
        return new Labeling(settings);
    }

    /** Set how outputs are stored. The default is float32. */
    public Labeling encoding(Encoding how) {
        encoding = how;
        return this;
    }

    /** Set the precision of the teacher: auto, fp32 or bf16. The default is auto, as in training. */
    public Labeling precision(String name) {
        precision = name;
        return this;
    }

    /**
     * Set the task of the student. The default is the teacher's own, or single-label classification if its file says none. A foreign file
     * needs it for several labels, for regression and for embeddings: outputs for another task are refused in training.
     */
    public Labeling task(Task.Kind kind) {
        task = kind;
        return this;
    }

    /** Set the number of rows that the teacher computes at once. The default is 64. */
    public Labeling batchSize(int rows) {
        batchSize = Settings.atLeast(1, "the batch size", rows);
        return this;
    }

    /** Set the share of rows that may be unreadable. The default is 0.01. */
    public Labeling mostUnreadable(double share) {
        mostUnreadable = Settings.inUnit("the share of unreadable rows", share);
        return this;
    }

    /** Prepare the student's images in another size than the teacher's. */
    public Labeling imageSize(int side) {
        images.put(ImagePreprocessing.SIZE, side + "x" + side);
        return this;
    }

    /** Resize the student's images in another way than the teacher's. */
    public Labeling resize(Resize how) {
        images.put(ImagePreprocessing.RESIZE, how.name().toLowerCase(Locale.ROOT));
        return this;
    }

    /**
     * Normalize the student's images otherwise than the teacher's.
     *
     * @param mean three numbers in [0, 1], such as {@code 0.485,0.456,0.406}
     * @param std three numbers above 0
     * @throws LimbeckException if they are out of range, such as those of pixels from 0 to 255
     */
    public Labeling normalize(String mean, String std) {
        // In this order in messages: Map.of has another one in each process.
        Map<String, String> said = new LinkedHashMap<>();
        said.put(ImagePreprocessing.MEAN, mean);
        said.put(ImagePreprocessing.STD, std);
        ImagePreprocessing given = ImagePreprocessing.defaults(1).with(said);
        ImagePreprocessing.checkGiven(given.mean(), given.std());
        images.putAll(said);
        return this;
    }

    /**
     * Name the column of images, contents or paths, or that of the student's texts. The default is {@code content} for images, and for texts
     * the column that the teacher was trained with, or the only one.
     */
    public Labeling column(String name) {
        column = name;
        return this;
    }

    /** Set the cells of tables that mean no value, besides empty ones, as the student's data do. The default is the teacher's own. */
    public Labeling missing(List<String> cells) {
        missing = Set.copyOf(cells);
        return this;
    }

    /** Name columns of texts or tables that are no inputs of the student, such as labels. */
    public Labeling ignore(List<String> columns) {
        ignored = List.copyOf(columns);
        return this;
    }

    /**
     * Compute the outputs and write the folder. It appears when all is done.
     *
     * @param out path of a file system that Spark knows
     * @throws LimbeckException in one line, if the teacher cannot be used, a column is missing, the folder exists, there are no rows, or too
     *     many cannot be read; nothing is left then
     */
    public LabelResult write(Dataset<Row> rows, String out) {
        long start = System.nanoTime();
        SparkSession spark = rows.sparkSession();
        try (OutputFolder folder = OutputFolder.create(spark, out)) {
            LabelJob job = job(rows);
            CollectionAccumulator<String> facts = new CollectionAccumulator<>();
            spark.sparkContext().register(facts, "facts");
            LabelPartition work = new LabelPartition(
                    job,
                    facts,
                    new SerializableConfiguration(spark.sessionState().newHadoopConf()));
            // Files that Spark commits hold each row once, whatever was computed again.
            String labeled = folder.inside("labeled");
            selected(rows, job)
                    .mapPartitions(work, Encoders.row(LabelPartition.SCHEMA))
                    .write()
                    .parquet(labeled);
            Dataset<Row> all = spark.read().parquet(labeled);
            LabelResult counted = count(all, out);
            long kept = sorted(all, counted.rows(), folder);
            folder.delete("labeled");
            folder.publish(onlyFacts(facts));
            return counted.finished(kept, folder.bytes(), (System.nanoTime() - start) / 1e9);
        } catch (LimbeckException e) {
            throw e;
        } catch (Exception e) {
            // Scala throws checked exceptions, too, and declares none.
            throw SparkErrors.inOneLine("labeling failed", e);
        }
    }

    private LabelJob job(Dataset<Row> rows) {
        Precision.of(precision, dev.limbeck.tensor.Engine.device("cpu"));
        try (LoadedTeacher opened = ExecutorTeacher.open(teacher)) {
            String wanted = task == null ? "" : task.key();
            ExecutorTeacher.task(opened, wanted);
            boolean ofImages = LabelJob.readsImages(opened);
            requireKind(ofImages, opened);
            List<String> header = new ArrayList<>();
            if (ofImages) {
                header.add(imageColumn(rows));
            } else {
                Set<String> others = Set.copyOf(ignored);
                for (String name : ignored) require(rows, name);
                for (StructField field : rows.schema().fields()) {
                    if (others.contains(field.name())) continue;
                    Cells.check(field);
                    header.add(field.name());
                }
            }
            return new LabelJob(
                    new LinkedHashMap<>(teacher),
                    wanted,
                    ofImages ? new LinkedHashMap<>(preparation(opened)) : new LinkedHashMap<>(),
                    new ArrayList<>(header),
                    ofImages ? "" : textColumn(opened, header),
                    new TreeSet<>(missing == null ? missing(opened) : missing),
                    encoding.toString(),
                    precision,
                    batchSize);
        }
    }

    /** Refuse settings of another kind of rows than the teacher's. */
    private void requireKind(boolean ofImages, LoadedTeacher opened) {
        if (column != null && !ofImages && !TextPreprocessing.isIn(opened.preprocessing())) {
            throw new LimbeckException("column is for teachers of images or texts, found one of tables: "
                    + opened.file() + "; leave it out");
        }
        List<String> others = new ArrayList<>(ofImages ? List.of() : images.keySet());
        if (ofImages && !ignored.isEmpty()) others.add("ignore_columns");
        if (ofImages && missing != null) others.add("missing");
        if (others.isEmpty()) return;
        throw new LimbeckException(String.join(", ", others) + (others.size() == 1 ? " is" : " are")
                + " for teachers of "
                + (ofImages ? "texts and tables, found one of images: " : "images, found one of texts or tables: ")
                + opened.file() + "; leave " + (others.size() == 1 ? "it" : "them") + " out");
    }

    /** Return the column of the teacher's texts, as training finds it; empty if the teacher reads tables. */
    private String textColumn(LoadedTeacher opened, List<String> header) {
        if (!TextPreprocessing.isIn(opened.preprocessing())) return "";
        String own = TextPreprocessing.of("text").with(opened.preprocessing()).column();
        String found = column == null && header.size() == 1 ? header.get(0) : column;
        if (header.contains(own)) {
            if (found == null || found.equals(own)) return own;
            throw new LimbeckException("the teacher " + opened.file() + " reads the column '" + own + "', found '"
                    + found + "'; leave the column (column, --column) out");
        }
        if (found == null) {
            throw new LimbeckException("the teacher " + opened.file() + " reads the column '" + own + "', found "
                    + Names.quoted(header) + "; name the student's column of texts (column, --column)");
        }
        if (!header.contains(found)) throw Names.unknown("column", found, "the input", header);
        return found;
    }

    private static Set<String> missing(LoadedTeacher opened) {
        Map<String, String> known = opened.preprocessing();
        return TablePreprocessing.isIn(known) ? TablePreprocessing.of(known).missing() : Set.of();
    }

    private String imageColumn(Dataset<Row> rows) {
        String name = column == null ? "content" : column;
        require(rows, name);
        DataType type = rows.schema().apply(name).dataType();
        if (type.equals(DataTypes.BinaryType) || type.equals(DataTypes.StringType)) return name;
        throw new LimbeckException(
                "the column '" + name + "' must have contents (binary) or paths (string) of images, found "
                        + type.simpleString() + "; name another one (column, --column)");
    }

    private static void require(Dataset<Row> rows, String name) {
        List<String> all = List.of(rows.columns());
        if (!all.contains(name)) throw Names.unknown("column", name, "the input", all);
    }

    /** Return the preparation of the student's images: the teacher's, except for what was set. */
    private Map<String, String> preparation(LoadedTeacher opened) {
        Map<String, String> known = opened.preprocessing();
        if (!ImagePreprocessing.isIn(known) && !images.containsKey(ImagePreprocessing.SIZE)) {
            throw new LimbeckException("the teacher " + opened.file()
                    + " does not say the size of its images; set it (imageSize, --image-size)");
        }
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(1).toMetadata());
        all.putAll(known);
        all.putAll(images);
        ImagePreprocessing how = ImagePreprocessing.of(all);
        return new ImagePreprocessing(how.height(), how.width(), how.resize(), how.mean(), how.std()).toMetadata();
    }

    private static Dataset<Row> selected(Dataset<Row> rows, LabelJob job) {
        Stream<String> names = job.header().stream();
        boolean named = job.readsImages() && List.of(rows.columns()).contains("path");
        if (named && !job.header().contains("path")) names = Stream.concat(Stream.of("path"), names);
        return rows.select(
                names.map(name -> rows.col("`" + name.replace("`", "``") + "`")).toArray(Column[]::new));
    }

    private LabelResult count(Dataset<Row> all, String out) {
        Row counts = all.agg(
                        functions.count(functions.lit(1)),
                        functions.count(LabelPartition.PROBLEM),
                        functions.min(LabelPartition.PROBLEM))
                .first();
        long rows = counts.getLong(0);
        LabelResult result = new LabelResult(out, encoding, rows, counts.getLong(1), counts.getString(2));
        if (rows == 0) throw new LimbeckException("the input has no rows; name another one");
        if (result.unreadable() == rows || result.unreadable() > mostUnreadable * rows) {
            throw new LimbeckException(result.unreadableWords()
                    + "; repair them, or allow a larger share (mostUnreadable, --max-unreadable)");
        }
        return result;
    }

    /** Write each key once, sorted. Return the number of keys. */
    private static long sorted(Dataset<Row> all, long rows, OutputFolder folder) {
        Dataset<Row> labels = all.filter(functions.col(ParquetForm.KEY).isNotNull());
        long bytes = rows
                * (labels.select(functions.octet_length(functions.col(ParquetForm.OUTPUT)))
                                .first()
                                .getInt(0)
                        + ParquetForm.KEY_BYTES
                        + Integer.BYTES);
        String target = folder.inside(ParquetForm.FOLDER);
        labels.drop(LabelPartition.PROBLEM)
                .dropDuplicates(new String[] {ParquetForm.KEY})
                .repartitionByRange((int) (1 + bytes / FILE_BYTES), functions.col(ParquetForm.KEY))
                .sortWithinPartitions(ParquetForm.KEY)
                .write()
                .parquet(target);
        return labels.sparkSession().read().parquet(target).count();
    }

    private static String onlyFacts(CollectionAccumulator<String> facts) {
        List<String> distinct = facts.value().stream().distinct().toList();
        if (distinct.size() == 1) return distinct.get(0);
        String[] lines = distinct.get(0).split("\n");
        String[] others = distinct.get(1).split("\n");
        int at = Math.min(lines.length - 1, Math.max(0, Arrays.mismatch(lines, others)));
        throw new LimbeckException(
                "executors must have the same teacher and precision, found" + lines[at].stripTrailing() + " and"
                        + others[Math.min(at, others.length - 1)].stripTrailing()
                        + "; set the precision (precision, --precision) and the kind of its outputs ("
                        + ModelRole.LABELER.output("logits") + "), or give all machines the same file");
    }
}
