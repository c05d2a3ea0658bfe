package dev.limbeck.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.image.ImagePreprocessing;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.teacher.EnsembleTeacher;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntimes;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.image.Resize;
import dev.limbeck.model.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Name a teacher, or several that teach together; what is null is as the file says.
 *
 * @param model a run directory, a safetensors file, a PyTorch checkpoint, a TorchScript or an ONNX file; relative to the
 *     working directory
 * @param architecture of a checkpoint whose file does not name it
 * @param weightsKey where in a checkpoint with several sets of weights those to take lie, such as model_ema
 * @param imageSize side of the images that it wants; the student's images may have another
 * @param resize squish, crop or pad
 * @param mean three channel means, white is 1
 * @param std three channel deviations
 * @param layout nchw or nhwc, of a TorchScript or an ONNX file
 * @param channels rgb or bgr, of a TorchScript or an ONNX file
 * @param classes class names in the order of its outputs
 * @param output what a TorchScript or an ONNX file gives, a name of {@link TeacherOutput} such as sigmoid; found out unless
 *     set
 * @param members several teachers in place of a model
 * @param ensemble how their answers become one: logits, probabilities or confidence; logits unless set
 * @param weights a positive number for each of them
 * @param cache a folder that keeps its answers
 * @param cacheAs float32, float16 or top-K; float32 unless set
 */
public record TeacherRecipe(
        @Nullable String model,
        @Nullable String architecture,
        @Nullable String weightsKey,
        @Nullable Integer imageSize,
        @Nullable String resize,
        @Nullable List<Double> mean,
        @Nullable List<Double> std,
        @Nullable String layout,
        @Nullable String channels,
        @Nullable List<String> classes,
        @Nullable String output,
        @Nullable List<TeacherRecipe> members,
        @Nullable String ensemble,
        @Nullable List<Double> weights,
        @Nullable String cache,
        @Nullable String cacheAs) {
    private static final List<String> JOINS = names(EnsembleTeacher.Combination.values());
    private static final List<String> OUTPUTS = names(TeacherOutput.values());
    private static final List<String> LAYOUTS = List.of("nchw", "nhwc");
    private static final List<String> CHANNELS = List.of("rgb", "bgr");

    public TeacherRecipe {
        if (members != null && members.isEmpty()) members = null;
        if ((model == null) == (members == null)) {
            if (model == null) throw RecipeFiles.missing("teacher.model");
            throw new LimbeckException("found teacher.model beside teacher.members; give one of them");
        }
        if (architecture != null) Zoo.byName(architecture);
        if (imageSize != null) Settings.atLeast(1, "teacher.image_size", imageSize);
        if (resize != null) RecipeFiles.oneOf("resize", resize, names(Resize.values()));
        if ((mean == null) != (std == null))
            throw new LimbeckException(
                    "mean and std go together, found only " + (mean == null ? "std" : "mean") + "; give both");
        if (mean != null && std != null) new ImagePreprocessing(1, 1, Resize.CROP, mean, std);
        if (layout != null) RecipeFiles.oneOf("layout", layout, LAYOUTS);
        if (channels != null) RecipeFiles.oneOf("order of channels", channels, CHANNELS);
        if (output != null) RecipeFiles.oneOf("output", output, OUTPUTS);
        if (ensemble != null) RecipeFiles.oneOf("way to join teachers", ensemble, JOINS);
        if (weights != null) {
            weights.forEach(weight -> Settings.positive("teacher.weights", weight));
            int count = members == null ? 1 : members.size();
            if (weights.size() != count) {
                throw new LimbeckException(
                        "there must be a weight for each of " + count + " teachers, found " + weights.size());
            }
        }
        if (cacheAs != null) Encoding.of(cacheAs);
        if (cacheAs != null && cache == null) {
            throw new LimbeckException("found teacher.cache_as without teacher.cache; name a folder for the answers");
        }
        mean = mean == null ? null : List.copyOf(mean);
        std = std == null ? null : List.copyOf(std);
        if (classes != null) requireDistinct(classes);
        classes = classes == null ? null : List.copyOf(classes);
    }

    private static void requireDistinct(List<String> names) {
        Set<String> known = new HashSet<>();
        List<String> twice =
                names.stream().filter(name -> !known.add(name)).distinct().toList();
        if (!twice.isEmpty()) {
            throw new LimbeckException("names of classes must differ from each other, found twice: "
                    + String.join(", ", twice) + "; give each output a name of its own");
        }
        if (names.stream().anyMatch(String::isBlank)) {
            throw new LimbeckException("names of classes must not be empty, found an empty one among " + names.size()
                    + "; name every output");
        }
    }

    private static List<String> names(Enum<?>... values) {
        return Stream.of(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    /** Name a model that says everything itself, but perhaps its architecture. */
    public static TeacherRecipe of(String model, @Nullable String architecture) {
        return new TeacherRecipe(
                model,
                architecture,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    /** Return the files that it is made of. */
    @JsonIgnore
    public List<Path> files() {
        String one = model;
        if (one != null) return List.of(Path.of(one));
        List<Path> files = new ArrayList<>();
        if (members != null) members.forEach(member -> files.addAll(member.files()));
        return files;
    }

    /** Return the same without the folder that keeps its answers. */
    TeacherRecipe withoutCache() {
        return new TeacherRecipe(
                model,
                architecture,
                weightsKey,
                imageSize,
                resize,
                mean,
                std,
                layout,
                channels,
                classes,
                output,
                members,
                ensemble,
                weights,
                null,
                null);
    }

    /**
     * Open it; the caller closes it.
     *
     * @param told takes lines about kept answers and about what is doubtful
     */
    public LoadedTeacher open(Consumer<String> told) {
        return open(told, ModelRole.TEACHER);
    }

    /** Open it for whatever use, by which messages name it. */
    public LoadedTeacher open(Consumer<String> told, ModelRole role) {
        LoadedTeacher opened = members == null ? openOne(told, role) : openMembers(members, told);
        String folder = cache;
        if (folder == null) return opened;
        Encoding as = cacheAs == null ? Encoding.FLOAT32 : Encoding.of(cacheAs);
        return opened.wrapped(teacher -> CachedTeacher.onDisk(teacher, Path.of(folder), as, told));
    }

    private LoadedTeacher openMembers(List<TeacherRecipe> all, Consumer<String> told) {
        List<LoadedTeacher> opened = new ArrayList<>();
        try {
            for (TeacherRecipe member : all) opened.add(member.open(told));
            return LoadedTeacher.of(
                    opened,
                    ensemble == null
                            ? EnsembleTeacher.Combination.LOGITS
                            : EnsembleTeacher.Combination.valueOf(ensemble.toUpperCase(Locale.ROOT)),
                    weights == null
                            ? null
                            : weights.stream().mapToDouble(Double::doubleValue).toArray());
        } catch (LimbeckException e) {
            opened.forEach(LoadedTeacher::close);
            throw e;
        }
    }

    private LoadedTeacher openOne(Consumer<String> told, ModelRole role) {
        Path file = Path.of(String.valueOf(model));
        if (Files.isRegularFile(file) && ModelRuntimes.find(file).isPresent()) {
            return openFile(file, told, role);
        }
        if (layout != null || channels != null || output != null) {
            throw new LimbeckException("layout, channels and output are said of TorchScript and ONNX files only, found "
                    + file + "; leave them out");
        }
        SavedModel saved = SavedModel.open(file, architecture == null ? null : Zoo.byName(architecture), weightsKey);
        Map<String, String> all = new LinkedHashMap<>(saved.preparation());
        all.putAll(preparation());
        List<String> names = classes == null ? saved.classNames() : classes;
        if (classes != null && classes.size() != saved.classes()) {
            int known = saved.classes();
            saved.close();
            throw new LimbeckException(file + " knows " + known + " classes, found " + classes.size() + " names");
        }
        return LoadedTeacher.of(saved.told(names, all));
    }

    private LoadedTeacher openFile(Path file, Consumer<String> told, ModelRole role) {
        if (architecture != null) {
            throw new LimbeckException(file + " holds a whole network; leave its architecture out");
        }
        if (weightsKey != null) {
            throw new LimbeckException(file + " holds a whole network; leave weights_key out");
        }
        FileTeacher opened = FileTeacher.open(file, role, told);
        FileTeacher teacher = opened.withPreprocessing(preparation());
        if (classes != null) teacher = teacher.withClassNames(classes);
        if (output != null) teacher = teacher.withOutput(TeacherOutput.of(output));
        if (layout != null || channels != null) {
            boolean last = layout == null ? opened.channelsLast() : layout.equals("nhwc");
            boolean blue = channels == null ? opened.blueFirst() : channels.equals("bgr");
            teacher = teacher.withLayout(last, blue);
        }
        return LoadedTeacher.of(teacher, file.toString());
    }

    private Map<String, String> preparation() {
        Map<String, String> said = new LinkedHashMap<>();
        if (imageSize != null) said.put("image_size", imageSize + "x" + imageSize);
        if (resize != null) said.put("resize", resize);
        if (mean != null) said.put("mean", text(mean));
        if (std != null) said.put("std", text(std));
        return said;
    }

    private static String text(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
