package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.Exporter.Exported;
import dev.limbeck.export.Format;
import dev.limbeck.export.OnnxFile;
import dev.limbeck.export.Precision;
import dev.limbeck.export.Verification;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.Backbone;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.image.ImageDataRecipe;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.train.Metric;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "export",
        optionListHeading = "Export",
        description = "Export a trained model or a TorchScript file to ONNX, TorchScript or safetensors with a model "
                + "card. Each file is verified in its own runtime.")
final class ExportCommand extends DataCommand {
    @Option(names = "--model", required = true, paramLabel = "FILE", description = ModelFileOptions.KINDS)
    Path model = Path.of("");

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Output folder, which is created")
    Path out = Path.of("");

    @Option(
            names = "--format",
            split = ",",
            paramLabel = "NAME,…",
            hideParamSyntax = true,
            description = "onnx, torchscript, safetensors, or several (default: onnx)")
    List<Format> formats = List.of(Format.ONNX);

    /** Rows from which the kind of a foreign file's outputs is found out. */
    private static final int LOOKED_AT = 128;

    /** Settings of data that describe the model too, for files that do not say them. */
    private static final List<String> OF_MODEL = Stream.concat(SettingOptions.PREPROCESSING.stream(), Stream.of("task"))
            .toList();

    private static final Set<TeacherOutput> UNCHANGED = EnumSet.of(
            TeacherOutput.LOGITS, TeacherOutput.LOG_PROBABILITIES, TeacherOutput.NUMBERS, TeacherOutput.EMBEDDING);

    @Option(names = "--normalize", description = "Let the ONNX model accept pixels from 0 to 255 and normalize them")
    boolean normalizes;

    @Option(names = "--softmax", description = "Let the ONNX model output probabilities instead of logits")
    boolean softmax;

    @Option(names = "--embedding", description = "Export the backbone alone, without its classifier")
    boolean embedding;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            description = "Weights in ONNX: fp32, fp16, int8 (default: fp32)")
    Precision precision = Precision.FP32;

    @Option(
            names = "--fold",
            negatable = true,
            fallbackValue = "true",
            description = "Fold batch norms into convolutions, or keep them (default: fold)")
    boolean folds = true;

    @Option(
            names = "--verify",
            negatable = true,
            fallbackValue = "true",
            description = "Verify each file on data (default: yes)")
    boolean verifies = true;

    @Option(names = "--samples", paramLabel = "N", description = "Number of rows for the verification (default: 256)")
    int rows = 256;

    @Option(
            names = "--classes",
            split = ",",
            paramLabel = "NAME,…",
            hideParamSyntax = true,
            description = "Class names, in the order of its outputs (default: the data's)")
    List<String> classNames = List.of();

    @Override
    Object run() {
        Numbers.atLeast(1, "--samples", rows);
        String unverified = "is for the verification, found --no-verify; leave out one of them";
        onlyIf(verifies, unverified, "--samples", "--workers");
        onlyIf(verifies, unverified, data.settings.without(OF_MODEL));
        Exporter.requireFree(out);
        if (Set.copyOf(classNames).size() < classNames.size()
                || classNames.stream().anyMatch(String::isBlank)) {
            throw new WrongOption("--classes must be unique names, found " + classNames);
        }
        if (precision == Precision.INT8 && !verifies && !isQuantizationAware()) {
            throw new WrongOption("--precision int8 needs data to calibrate on; leave out --no-verify");
        }
        engine.apply();
        return TorchScriptFile.isIn(model) ? foreign() : own();
    }

    private boolean isQuantizationAware() {
        String stored = SavedModel.readMetadata(model).getOrDefault(SavedModel.ARCHITECTURE, "");
        return Zoo.find(stored).map(Architecture::isQuantizationAware).orElse(false);
    }

    private Object own() {
        try (SavedModel opened = checkpoint.open(model)) {
            if (!embedding) return own(opened);
            try (SavedModel backbone = Backbone.of(opened)) {
                return own(backbone);
            }
        }
    }

    private Object own(SavedModel opened) {
        boolean embeds = opened.task().kind() == Task.Kind.EMBEDDING;
        SavedModel saved = asTold(opened);
        if (!verifies) {
            List<Exported> exported = chosen(Exporter.of(task().of(saved))).export(out);
            task().sayAssumed(saved.file(), saved.task().kind(), saved.knowsTask());
            return written(exported);
        }
        ObjectNode tree = dataOrThatOf(saved, SettingOptions.PREPROCESSING).orElseThrow(ExportCommand::noImages);
        // Any images will do, with labels or without.
        if (embeds && data.isNamed() && !tree.has("task"))
            tree.put("task", opened.task().kind().key());
        LoadedModel.splitAsItsRun(saved.file().toString(), tree);
        DataRecipe recipe = RecipeFiles.bind(tree, DataRecipe.class, "");
        try (Data rows = recipe.openFor(0, Zoo.byName(saved.architecture()), saved.preprocessing(), context())) {
            if (!embeds) {
                LoadedModel.checkClasses(saved.classes(), saved.classNames(), rows.classNames());
                MappedTeacher.matching(ModuleTeacher.of(saved), false, Map.of(), rows.task());
            }
            // The file's own architecture was just verified to be the same.
            SavedModel named = saved.withTaskFor(rows.task()).withMetadata(rows.classNames(), saved.preprocessing());
            List<Exported> exported = verified(Exporter.of(named), rows).export(out);
            context().logData(rows);
            return written(exported);
        }
    }

    /** Apply the options to what a file does not contain, and reject contradictions. */
    private SavedModel asTold(SavedModel saved) {
        Map<String, String> says = saved.preprocessing();
        if (says.containsKey(Modalities.KEY)) {
            if (!classNames.isEmpty()) {
                throw new LimbeckException(model + " calls its classes " + saved.classNames() + ", found " + classNames
                        + "; leave out --classes");
            }
            return saved;
        }
        boolean silent = says.isEmpty();
        int side = Zoo.byName(saved.architecture()).imageSize();
        ImagePreprocessing wanted = data.preprocessing(silent ? Map.of("image_size", side + "x" + side) : says);
        if (!silent && !wanted.equals(ImagePreprocessing.of(says))) {
            throw new LimbeckException(model + " was trained on images prepared as " + says + ", found "
                    + wanted.toMetadata() + "; leave out --image-size, --resize, --mean and --std");
        }
        if (!classNames.isEmpty() && classNames.size() != saved.classes()) {
            throw new LimbeckException(
                    model + " knows " + saved.classes() + " classes, found " + classNames.size() + " names");
        }
        if (!classNames.isEmpty() && !saved.classNames().isEmpty() && !classNames.equals(saved.classNames())) {
            throw new LimbeckException(model + " calls its classes " + saved.classNames() + ", found " + classNames
                    + "; leave out --classes");
        }
        Map<String, String> all = new LinkedHashMap<>(says);
        all.putAll(wanted.toMetadata());
        return saved.withMetadata(saved.classNames().isEmpty() ? classNames : saved.classNames(), all);
    }

    /** Export a TorchScript file, which may contain preprocessing and class names. */
    private Object foreign() {
        Path file = model;
        if (checkpoint.arch != null) {
            throw new LimbeckException(file + " is TorchScript, which is of no architecture; leave out --arch");
        }
        onlyIf(false, "is for checkpoints, found " + file + ", which is TorchScript; leave it out", "--weights-key");
        if (embedding) {
            throw new LimbeckException(
                    file + " is TorchScript, whose classifier cannot be left out; save it again without");
        }
        try (FileTeacher opened = FileTeacher.open(file, ModelRole.EXPORTED, this::log);
                Script script = TorchScriptFile.open(file).load()) {
            if (data.imageSize() == null && !opened.preprocessing().containsKey(ImagePreprocessing.SIZE)) {
                throw new LimbeckException(file + " does not contain its image size; set it with --image-size");
            }
            ImagePreprocessing preprocessing = data.preprocessing(opened.preprocessing());
            List<String> names = classNames.isEmpty() ? opened.classNames() : classNames;
            requireLogits(opened);
            if (!verifies) {
                if (names.isEmpty()) {
                    throw new LimbeckException(file + " has no class names; set them with --classes");
                }
                // Its numbers are in the targets' units.
                Task task = Task.of(task().of(opened, file).task(), names);
                List<Exported> exported =
                        chosen(Exporter.of(script, file, task, preprocessing)).export(out);
                task().sayAssumed(file, opened.task(), opened.knowsTask());
                return written(exported);
            }
            if (!data.isNamed()) throw noImages();
            ImageDataRecipe recipe = data.recipe();
            // The size of images is given, so the architecture's size is not used.
            try (ImageData images = recipe.open(0, Zoo.RESNET18, preprocessing.toMetadata(), context())) {
                if (!names.isEmpty() && !names.equals(images.classNames())) {
                    throw new LimbeckException((classNames.isEmpty() ? "the classes of " + file : "--classes") + " are "
                            + names + ", the data's are " + images.classNames()
                            + "; verify on data of the same classes");
                }
                FileTeacher judged = opened.withTaskFor(images.task()).withClassNames(images.classNames());
                MappedTeacher.matching(judged, false, Map.of(), images.task());
                requireLogits(known(judged, images));
                Task task = Task.of(judged.task(), images.classNames());
                Exporter exporter = Exporter.of(script, file, task, preprocessing);
                List<Exported> exported = verified(exporter, images).export(out);
                context().logData(images);
                return written(exported);
            }
        }
    }

    /** Find out on images what the outputs are, if the file does not say it. */
    private static FileTeacher known(FileTeacher opened, ImageData images) {
        if (opened.output().isPresent()) return opened;
        try (DataLoader batches = images.sample(images.has(Split.VALID) ? Split.VALID : Split.TEST, LOOKED_AT);
                Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            return opened.knownBy(images.preprocessing(), batches.next().inputs());
        }
    }

    /** Refuse a network whose outputs have to be converted to logits, since the exported file's are used unchanged. */
    private void requireLogits(FileTeacher opened) {
        TeacherOutput found = opened.output().orElse(TeacherOutput.LOGITS);
        if (UNCHANGED.contains(found)) return;
        throw new LimbeckException(model + " returns " + found.words() + ", expected logits; save it without its last "
                + "operation (a softmax or sigmoid), and let --softmax add it again");
    }

    private Exporter chosen(Exporter exporter) {
        Exporter set = exporter.as(formats.toArray(Format[]::new))
                .options(new OnnxFile.Options(folds, normalizes, softmax, precision));
        set.quantization().ifPresent(this::say);
        return set;
    }

    private Exporter verified(Exporter exporter, Data images) {
        return chosen(exporter).verifiedOn(images, images.has(Split.TEST) ? Split.TEST : Split.VALID, rows);
    }

    private static LimbeckException noImages() {
        return new LimbeckException(
                "there is no data to verify the export on; set it with --data, or leave the check out with --no-verify");
    }

    private List<Exported> written(List<Exported> files) {
        for (Exported file : files) {
            Verification verification = file.verification();
            say(Texts.format("%-12s %,12d bytes  %s", file.format(), file.bytes(), file.file()));
            if (verification == null) continue;
            say(Texts.format(
                    "%12s on %,d rows: outputs differ by %.1e (largest %.1f)%s, %s %s (model %s)",
                    "",
                    verification.rows(),
                    verification.largestDifference(),
                    verification.largestOutput(),
                    Double.isNaN(verification.agreement())
                            ? ""
                            : ", same prediction on " + Texts.percent(verification.agreement()),
                    verification.metric().replace('_', ' '),
                    Metric.text(verification.metric(), verification.value()),
                    Metric.text(verification.metric(), verification.modelValue())));
        }
        say("described in " + out.resolve(Exporter.CARD_NAME));
        return files;
    }
}
