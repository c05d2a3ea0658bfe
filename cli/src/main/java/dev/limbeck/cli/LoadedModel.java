package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.Classifier;
import dev.limbeck.LimbeckException;
import dev.limbeck.Regressor;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.distill.served.ModelAddress;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.predict.Predictors;
import dev.limbeck.predict.image.Predictor;
import dev.limbeck.predict.image.RegressionPredictor;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.recipe.image.ImageDataRecipe;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Metric;
import dev.limbeck.train.TaskLoss;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Hold a model that was named on the command line, of whatever kind its file is, and say what is assumed of it. */
record LoadedModel(LimbeckCommand command, String named, LoadedTeacher opened) implements AutoCloseable {
    private static final int NAMED = 5;

    /**
     * Open a model.
     *
     * @param model a path, or the address of a served model
     * @param given data options with preprocessing
     */
    static LoadedModel open(LimbeckCommand command, String model, ModelFileOptions says, SettingOptions given) {
        Numbers.atLeast(1, "--image-size", (Integer) given.value("data.image_size"));
        ObjectNode tree = RecipeFiles.tree();
        JsonNode data = given.given().path("data");
        for (String key : SettingOptions.PREPROCESSING) if (data.has(key)) tree.set(key, data.get(key));
        tree.put("model", model)
                .put("architecture", says.checkpoint.arch)
                .put("weights_key", says.checkpoint.weightsKey);
        tree.put("layout", says.layout).put("channels", says.channels).put("output", says.output);
        if (!says.classes.isEmpty()) says.classes.forEach(tree.putArray("classes")::add);
        TeacherRecipe recipe = RecipeFiles.bind(tree, TeacherRecipe.class, "");
        return new LoadedModel(command, model, recipe.open(command::log, ModelRole.MODEL));
    }

    /** Open a model of which nothing is said beside its file; null if the file does not say how its inputs are prepared and its classes. */
    static @Nullable LoadedModel openIfComplete(LimbeckCommand command, String model) {
        TeacherRecipe recipe = RecipeFiles.bind(RecipeFiles.tree().put("model", model), TeacherRecipe.class, "");
        LoadedModel loaded;
        try {
            loaded = new LoadedModel(command, model, recipe.open(line -> {}, ModelRole.MODEL));
        } catch (LimbeckException e) {
            return null;
        }
        boolean isComplete = !loaded.opened.preprocessing().isEmpty()
                && !loaded.opened.teacher().classNames().isEmpty();
        if (isComplete) return loaded;
        loaded.close();
        return null;
    }

    /** Check that an image exists before a model is opened. */
    static void requireImage(Path image) {
        if (Files.exists(image)) return;
        throw new LimbeckException("cannot read image " + image + ": no such file" + MissingFile.meant(image));
    }

    /** Return whether a model may read rows; only a run says that it does not. */
    static boolean mayReadRows(Path model) {
        return RunRecord.beside(SavedModel.fileOf(model))
                .map(run -> !run.recipe().path("data").path("kind").isMissingNode())
                .orElse(true);
    }

    /** Return the model if it is a zoo model; null for a TorchScript or ONNX file. */
    @Nullable
    SavedModel saved() {
        return opened.saved();
    }

    /** Return the encoding of texts or rows of tables; null for models of another kind of data. */
    @Nullable
    RowEncoding rows() {
        return RowModality.ofSaved(opened.preprocessing()).orElse(null);
    }

    /** Return the classifier of rows. It is closed with this object. */
    Classifier<RowEncoding.Encoded> classifier(RowEncoding encoding, List<RowEncoding.Encoded> rows) {
        SavedModel saved = saved();
        return saved != null
                ? Predictors.classifier(saved, encoding::batch)
                : Predictors.classifier(
                        (FileTeacher) opened.teacher(), encoding.preprocessing(), encoding::batch, rows);
    }

    /** Return the regression model of rows. It is closed with this object. */
    Regressor<RowEncoding.Encoded> regressor(RowEncoding encoding, List<RowEncoding.Encoded> rows) {
        SavedModel saved = saved();
        return saved != null
                ? Predictors.regressor(saved, encoding::batch)
                : Predictors.regressor((FileTeacher) opened.teacher(), encoding.preprocessing(), encoding::batch, rows);
    }

    /** Return its architecture or its file format. */
    String architecture() {
        return opened.architecture();
    }

    String file() {
        SavedModel saved = saved();
        return saved == null ? opened.file() : saved.file().toString();
    }

    String sha256() {
        return opened.sha256();
    }

    /** Return whether it predicts numbers. */
    boolean isRegression() {
        SavedModel saved = saved();
        Task.Kind task = saved == null
                ? ((FileTeacher) opened.teacher()).task()
                : saved.task().kind();
        return task == Task.Kind.REGRESSION;
    }

    /** Return the model with the task that the option says, if its file says none; without the option, say which one it is taken for. Close only one of both. */
    LoadedModel withTask(TaskOption option) {
        SavedModel saved = saved();
        if (saved != null) {
            option.sayAssumed(saved.file(), saved.task().kind(), saved.knowsTask());
            return new LoadedModel(command, named, LoadedTeacher.of(option.of(saved)));
        }
        FileTeacher file = (FileTeacher) opened.teacher();
        option.sayAssumed(Path.of(named), file.task(), file.knowsTask());
        return new LoadedModel(command, named, opened.wrapped(same -> option.of(file, Path.of(named))));
    }

    /** Return the regression model. It is closed with this object. */
    RegressionPredictor regressor() {
        SavedModel saved = saved();
        RegressionPredictor predictor =
                saved == null ? RegressionPredictor.of((FileTeacher) opened.teacher()) : RegressionPredictor.of(saved);
        if (!predictor.knowsPreparation()) sayAssumed(predictor.preprocessing());
        return predictor;
    }

    /** Return the classifier. It is closed with this object. */
    Predictor predictor() {
        SavedModel saved = saved();
        Predictor predictor = saved == null ? Predictor.of((FileTeacher) opened.teacher()) : Predictor.of(saved);
        if (!predictor.knowsPreparation()) sayAssumed(predictor.preprocessing());
        if (predictor.classNames().isEmpty()) {
            command.log(named + " has no class names; using numbers (--classes sets names)");
        }
        return predictor;
    }

    private void sayAssumed(ImagePreprocessing taken) {
        Map<String, String> assumed = new LinkedHashMap<>(taken.toMetadata());
        assumed.keySet().removeAll(opened.preprocessing().keySet());
        if (opened.preprocessing().isEmpty()) {
            command.log(named + " does not contain its preprocessing; using " + taken.width() + "×" + taken.height()
                    + " and ImageNet's normalization");
        } else {
            command.log(named + " contains only part of its preprocessing; using " + Texts.pairs(assumed));
        }
    }

    /** Open data with the model's preprocessing. */
    Data open(DataRecipe recipe, RunContext context) {
        if (recipe instanceof ImageDataRecipe images) return open(images, context);
        SavedModel saved = saved();
        return saved == null
                ? recipe.openFor(0, Zoo.SMALL_CNN, opened.preprocessing(), context)
                : recipe.openFor(0, Zoo.byName(saved.architecture()), saved.preprocessing(), context);
    }

    /** Open images with the model's preprocessing. */
    ImageData open(ImageDataRecipe images, RunContext context) {
        SavedModel saved = saved();
        if (saved != null) return images.open(0, Zoo.byName(saved.architecture()), saved.preprocessing(), context);
        Map<String, String> said = opened.preprocessing();
        if (!said.containsKey("image_size")) {
            throw new LimbeckException(named + " does not contain its image size; set it with --image-size");
        }
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(1).toMetadata());
        all.putAll(said);
        ImagePreprocessing whole = ImagePreprocessing.of(all);
        if (!ImagePreprocessing.isIn(said)) sayAssumed(whole);
        return images.open(0, whole, context);
    }

    /**
     * Check that it predicts something.
     *
     * @throws LimbeckException if it returns embeddings
     */
    void requirePredictions() {
        SavedModel saved = saved();
        Task.Kind task = saved == null
                ? ((FileTeacher) opened.teacher()).task()
                : saved.task().kind();
        if (task != Task.Kind.EMBEDDING) return;
        throw new LimbeckException(
                named + " returns embeddings, which labels do not judge; train a classifier that starts "
                        + "from it (limbeck train --weights " + named + " --probe)");
    }

    /** Evaluate it on a split of data opened for it. */
    EvaluationResult validate(Data data, Split split, int views, Device device, List<Metric> metrics) {
        checkClasses(data.classNames());
        EvaluationResult validation = outputs(data, split, views, device, metrics);
        int bad = validation.predictions().rowsNotFinite();
        if (bad > 0) {
            throw new LimbeckException(named + " must return finite numbers, found NaN or infinite ones for " + bad
                    + " of " + validation.predictions().size() + " rows; check its weights");
        }
        return validation;
    }

    private EvaluationResult outputs(Data data, Split split, int views, Device device, List<Metric> metrics) {
        SavedModel saved = saved();
        Task task = data.task();
        Task.Kind own = opened.teacher().task(task).kind();
        if (own != task.kind()) {
            throw new LimbeckException(named + " is a model for " + own.words() + ", the data is for "
                    + task.kind().words() + "; evaluate it on data of its task (--task " + own.key() + ")");
        }
        // Also converts the scale of targets.
        Teacher model = MappedTeacher.matching(opened.teacher(), false, Map.of(), task);
        if (saved != null && task.kind() != Task.Kind.REGRESSION) {
            saved.module().to(device);
            return views == 0
                    ? Evaluator.run(saved.module(), data, split, device, metrics, TaskLoss.of(task))
                    : Evaluator.runViews(saved.module(), data, split, views, device, metrics);
        }
        TeacherContext context = new TeacherContext(data, device, Precision.FP32, null);
        try (TeacherSession session = model.open(context)) {
            Function<Batch, Tensor> checked = batch -> {
                Tensor outputs = session.logits(batch);
                checkClasses(Math.toIntExact(outputs.size(1)), List.of(), data.classNames());
                return outputs;
            };
            return views == 0
                    ? Evaluator.run(checked, data, split, device, metrics, TaskLoss.of(task))
                    : Evaluator.runViews(checked, data, split, views, device, metrics);
        }
    }

    private void checkClasses(List<String> names) {
        checkClasses(opened.teacher().classes(), opened.teacher().classNames(), names);
        if (opened.teacher().classNames().isEmpty()) {
            command.log(named + " has no class names; using the data's, in the data's order");
        }
    }

    /** Reject data with other classes than the model's, as far as known; 0 stands for any number. */
    static void checkClasses(int classes, List<String> own, List<String> names) {
        if (classes != 0 && classes != names.size()) {
            throw new LimbeckException("the model has " + classes + " classes, the data has " + names.size()
                    + "; use data of the same classes");
        }
        if (own.size() == names.size() && !own.equals(names) && Set.copyOf(own).equals(Set.copyOf(names))) {
            throw new LimbeckException("the model's classes are " + Texts.first(NAMED, own)
                    + ", the data's are the same in another order, "
                    + Texts.first(NAMED, names)
                    + "; if the model's outputs are in the data's order, set --classes, else train or "
                    + "export it with its classes in that order");
        }
        if (!own.isEmpty() && !own.equals(names)) {
            throw new LimbeckException("the model's classes are " + Texts.first(NAMED, own) + ", the data's are "
                    + Texts.first(NAMED, names) + "; use data of the same classes");
        }
    }

    /** Draw the validation split as the model's own run did, to evaluate on unseen data. */
    static void splitAsItsRun(String file, ObjectNode data) {
        if (ModelAddress.isOne(file)) return;
        RunRecord.beside(Path.of(file)).ifPresent(run -> {
            for (String key : List.of("seed", "valid_fraction")) {
                if (!data.has(key) && run.data().path(key).isNumber())
                    data.set(key, run.data().get(key));
            }
        });
    }

    @Override
    public void close() {
        opened.close();
    }
}
