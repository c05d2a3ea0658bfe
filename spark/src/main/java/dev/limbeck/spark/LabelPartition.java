package dev.limbeck.spark;

import dev.limbeck.data.image.StreamedImages.ImageFile;
import dev.limbeck.distill.cache.Labeler.Labeled;
import dev.limbeck.distill.cache.ParquetForm;
import dev.limbeck.run.RunJson;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/** Label the rows of a partition, some at a time: first what can be used, then why the others cannot. */
final class LabelPartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    static final String PROBLEM = "problem";
    static final StructType SCHEMA = new StructType()
            .add(ParquetForm.KEY, DataTypes.BinaryType)
            .add(ParquetForm.OUTPUT, DataTypes.BinaryType)
            .add(ParquetForm.SUM, DataTypes.IntegerType)
            .add(PROBLEM, DataTypes.StringType);

    /** Also what shows the kind of a teacher's outputs, where a file does not say it. */
    private static final int ROWS = 256;
    /** Contents of images that are held at once, unless one is larger; each running task has as many. */
    private static final long BYTES = 64L << 20;

    private final LabelJob job;
    private final CollectionAccumulator<String> facts;
    private final SerializableConfiguration files;

    LabelPartition(LabelJob job, CollectionAccumulator<String> facts, SerializableConfiguration files) {
        this.job = job;
        this.facts = facts;
        this.files = files;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        ExecutorTeacher<?, ?> teacher =
                ExecutorTeacher.of(job, TaskContext.get().cpus());
        // The rows are read after this method returns, and a task may fail or be stopped before the last.
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> teacher.release());
        return new Iterator<>() {
            private Iterator<Row> labeled = Collections.emptyIterator();
            private boolean said;

            @Override
            public boolean hasNext() {
                while (!labeled.hasNext() && rows.hasNext()) labeled = more();
                return labeled.hasNext();
            }

            @Override
            public Row next() {
                if (!hasNext()) throw new java.util.NoSuchElementException();
                return labeled.next();
            }

            private Iterator<Row> more() {
                List<String> problems = new ArrayList<>();
                List<Object> some = some(rows, problems);
                List<Row> made = new ArrayList<>();
                for (Labeled one : teacher.label(some, problems)) {
                    byte[] key = ParquetForm.key(one.key());
                    made.add(RowFactory.create(key, one.row(), ParquetForm.sum(key, one.row()), null));
                }
                if (!made.isEmpty() && !said) facts.add(RunJson.sealed(teacher.facts()));
                said |= !made.isEmpty();
                problems.forEach(problem -> made.add(RowFactory.create(null, null, null, problem)));
                return made.iterator();
            }
        };
    }

    /**
     * Read some rows.
     *
     * @param problems takes why others cannot be read
     */
    List<Object> some(Iterator<Row> rows, List<String> problems) {
        List<Object> some = new ArrayList<>();
        long bytes = 0;
        while (some.size() < ROWS && bytes < BYTES && rows.hasNext()) {
            Row row = rows.next();
            if (!job.readsImages()) {
                some.add(Cells.of(row, job.missing()));
                continue;
            }
            try {
                ImageFile image = image(row, files.value());
                bytes += image.content().length;
                some.add(image);
            } catch (FileNotFoundException | IllegalArgumentException e) { // the latter of a path that is none
                problems.add("cannot read image " + name(row) + ": " + e.getMessage());
            }
        }
        return some;
    }

    /**
     * Read an image: of its content, or of its path. The last cell holds it; one before it, only a name.
     *
     * @throws FileNotFoundException if there is none
     * @throws IllegalArgumentException if the row is empty, or its path is none
     * @throws UncheckedIOException if the file system fails, which says nothing of the row: Spark tries the task again
     */
    static ImageFile image(Row row, Configuration configuration) throws FileNotFoundException {
        Object image = row.get(row.size() - 1);
        if (image == null) throw new IllegalArgumentException("the row is empty");
        if (image instanceof byte[] content) return new ImageFile(name(row), content);
        Path path = new Path(image.toString());
        try (InputStream bytes = path.getFileSystem(configuration).open(path)) {
            return new ImageFile(path.toString(), bytes.readAllBytes());
        } catch (FileNotFoundException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private static String name(Row row) {
        Object image = row.get(row.size() - 1);
        if (image instanceof String path) return path;
        return row.size() > 1 ? String.valueOf(row.get(0)) : "of a row";
    }
}
