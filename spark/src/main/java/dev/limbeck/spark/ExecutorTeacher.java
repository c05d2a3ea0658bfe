package dev.limbeck.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.StreamedData;
import dev.limbeck.data.image.StreamedImages;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.data.rows.StreamedRows;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.cache.Labeler;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.tensor.Engine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hold a teacher of this JVM. It is opened with the first rows of a job, used by all its tasks, and stays until no task uses it and
 * another job needs another.
 *
 * @param <R> a row of the source
 * @param <P> a prepared row
 */
final class ExecutorTeacher<R, P> {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorTeacher.class);
    private static final Map<LabelJob, ExecutorTeacher<?, ?>> OPEN = new HashMap<>();

    private final LoadedTeacher loaded;
    private final StreamedData<R, P> data;
    private final Labeler<P> labeler;
    private int users;

    private ExecutorTeacher(LabelJob job, LoadedTeacher loaded, Teacher teacher, StreamedData<R, P> data) {
        this.loaded = loaded;
        this.data = data;
        labeler = new Labeler<>(teacher, Encoding.of(job.encoding()), data, Engine.device("auto"), job.precision());
    }

    /**
     * Return the teacher of a job; its user calls {@link #release}.
     *
     * @param threads of the engine, where {@code OMP_NUM_THREADS} does not say it
     */
    static synchronized ExecutorTeacher<?, ?> of(LabelJob job, int threads) {
        ExecutorTeacher<?, ?> teacher = OPEN.get(job);
        if (teacher == null) {
            closeUnused();
            teacher = opened(job, threads);
            OPEN.put(job, teacher);
        }
        teacher.users++;
        return teacher;
    }

    /** End a use. The teacher stays open for the job's next task. */
    void release() {
        synchronized (ExecutorTeacher.class) {
            users--;
        }
    }

    private static void closeUnused() {
        OPEN.values().removeIf(teacher -> {
            if (teacher.users > 0) return false;
            teacher.close();
            return true;
        });
    }

    private static ExecutorTeacher<?, ?> opened(LabelJob job, int threads) {
        if (System.getenv("OMP_NUM_THREADS") == null) Engine.setThreads(threads);
        long start = System.nanoTime();
        LoadedTeacher loaded = open(job.teacher());
        try {
            ExecutorTeacher<?, ?> made = made(job, loaded);
            LOG.info("teacher {} opened in {} s", loaded.file(), (System.nanoTime() - start) / 1e9);
            return made;
        } catch (RuntimeException e) {
            loaded.close();
            throw e;
        }
    }

    private static ExecutorTeacher<?, ?> made(LabelJob job, LoadedTeacher loaded) {
        Task task = task(loaded, job.task());
        Teacher teacher = task.kind() == Task.Kind.EMBEDDING ? loaded.teacher().embedding(null) : loaded.teacher();
        if (job.readsImages()) {
            ImagePreprocessing how = ImagePreprocessing.of(job.preparation());
            return new ExecutorTeacher<>(job, loaded, teacher, new StreamedImages(how, task, job.batchSize()));
        }
        RowEncoding encoding = RowModality.ofSaved(loaded.preprocessing())
                .orElseThrow(() -> new LimbeckException("the teacher " + loaded.file() + " reads no rows"));
        if (!job.textColumn().isEmpty()) encoding = encoding.withText(job.textColumn());
        return new ExecutorTeacher<>(
                job, loaded, teacher, new StreamedRows(job.header(), encoding, task, job.batchSize()));
    }

    /**
     * Return the task that a teacher's outputs are for.
     *
     * @param wanted key of the student's task; empty for the teacher's own
     * @throws LimbeckException if the teacher is of another task
     */
    static Task task(LoadedTeacher loaded, String wanted) {
        Teacher teacher = loaded.teacher();
        Task.Kind kind = wanted.isEmpty() ? ownTask(teacher) : Task.Kind.of(wanted);
        Teacher given = kind == Task.Kind.EMBEDDING ? teacher.embedding(null) : teacher;
        Task own = given.task(Task.of(kind, given.classNames()));
        if (wanted.isEmpty() || own.kind() == kind) return own;
        throw new LimbeckException(
                "the teacher " + loaded.file() + " is for " + own.kind().words() + ", found the task " + wanted
                        + "; leave it out (task, --task), or use a teacher of that task");
    }

    private static Task.Kind ownTask(Teacher teacher) {
        return teacher instanceof FileTeacher file ? file.task() : Task.Kind.SINGLE_LABEL;
    }

    /**
     * Open a teacher.
     *
     * @param settings by the keys of a recipe's section
     */
    static LoadedTeacher open(Map<String, String> settings) {
        ObjectNode tree = RecipeFiles.tree();
        settings.forEach(tree::put);
        return RecipeFiles.bind(tree, TeacherRecipe.class, "").open(LOG::info, ModelRole.LABELER);
    }

    /**
     * Label rows of one task. Other tasks prepare theirs meanwhile.
     *
     * @param rows rows of the source
     * @param problems takes, for each row that cannot be used, why
     */
    List<Labeler.Labeled> label(List<?> rows, List<String> problems) {
        List<P> prepared = new ArrayList<>();
        for (Object row : rows) {
            try {
                @SuppressWarnings("unchecked") // the job decides both kinds
                R given = (R) row;
                prepared.add(data.prepare(given));
            } catch (LimbeckException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        return labeler.label(prepared);
    }

    /** Return the facts of the outputs. */
    Map<String, String> facts() {
        return labeler.facts();
    }

    private void close() {
        labeler.close();
        loaded.close();
    }
}
