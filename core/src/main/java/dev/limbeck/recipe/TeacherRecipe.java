package dev.limbeck.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.served.ModelAddress;
import dev.limbeck.distill.served.ServedModel;
import dev.limbeck.distill.teacher.EnsembleTeacher;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntimes;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherOutput;
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
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hold a teacher or an ensemble of teachers. A null component takes the value from the file. Paths are relative to the
 * working directory.
 */
public record TeacherRecipe(
        @Setting(
                help = "Run, checkpoint, TorchScript, ONNX, XGBoost, URL; repeatable",
                options = "--teacher",
                label = "FILE",
                repeatable = true)
        @Nullable
        String model,

        @Setting(help = "Architecture, for a checkpoint without one", options = "--teacher-arch", repeatable = true)
        @Nullable
        String architecture,

        @Setting(
                help = "Which of several sets of weights in a checkpoint, such as model_ema",
                options = "--teacher-weights-key",
                label = "KEY",
                rare = true)
        @Nullable
        String weightsKey,

        @JsonUnwrapped @Nullable TeacherInputs inputs,

        @Setting(
                help = "Class names, in the order of its outputs",
                whenUnset = "its file's",
                options = "--teacher-classes",
                label = "NAME,…",
                rare = true)
        @Nullable
        List<String> classes,

        @Setting(
                help = "Output of a TorchScript or ONNX file",
                oneOfEnum = TeacherOutput.class,
                whenUnset = "found out",
                options = "--teacher-output",
                rare = true)
        @Nullable
        String output,

        @Setting(
                help = "Layer whose output is the embedding, for the task embedding",
                whenUnset = "the classifier's input",
                options = {})
        @Nullable
        String embedding,

        @Setting(
                help = "Requests at once to a served teacher, each with a part of the batch",
                atLeast = 1,
                atMost = 64,
                whenUnset = "1",
                options = {})
        @Nullable
        Integer requests,

        @Setting(
                help = "Several teachers instead of one model, each with its own settings",
                options = {})
        @Nullable
        List<TeacherRecipe> members,

        @Setting(
                help = "Join teachers",
                oneOfEnum = EnsembleTeacher.Combination.class,
                whenUnset = "logits",
                label = "WAY")
        @Nullable
        String ensemble,

        @Setting(help = "Weights of the teachers", above = 0, options = "--teacher-weights", label = "W,…", rare = true)
        @Nullable
        List<Double> weights,

        @Setting(help = "Cache folder for its outputs, one row per image", options = "--cache-teacher", label = "DIR")
        @Nullable
        String cache,

        @Setting(
                help = "Cache format: float32, float16 or such as top-5",
                whenUnset = "float32",
                options = "--cache-dtype",
                label = "TYPE")
        @Nullable
        String cacheAs) {
    public TeacherRecipe {
        if (members != null && members.isEmpty()) members = null;
        // Before anything is written: an address is refused if it has credentials.
        if (model != null && ModelAddress.isOne(model))
            model = ModelAddress.of(model).toString();
        if ((model == null) == (members == null)) {
            if (model == null) throw Sections.missing("teacher.model", List.of("--teacher"));
            throw new LimbeckException("found teacher.model and teacher.members; set only one of them");
        }
        if (architecture != null) Zoo.byName(architecture);
        if (members == null) {
            Map<String, @Nullable Object> ofSeveral = new LinkedHashMap<>();
            ofSeveral.put("ensemble", ensemble);
            ofSeveral.put("weights", weights);
            refuse(ofSeveral, "several teachers, found one", "name more teachers");
        } else {
            Map<String, @Nullable Object> ofOne = new LinkedHashMap<>();
            ofOne.put("architecture", architecture);
            ofOne.put("weights_key", weightsKey);
            if (inputs != null) keys(inputs).forEach(key -> ofOne.put(key, key));
            ofOne.put("classes", classes);
            ofOne.put("output", output);
            ofOne.put("requests", requests);
            refuse(ofOne, "one model, found teacher.members", "set %s in each member");
            if (weights != null && weights.size() != members.size()) {
                throw new LimbeckException(
                        "set one weight for each of " + members.size() + " teachers, found " + weights.size());
            }
        }
        if (cacheAs != null) Encoding.of(cacheAs);
        if (cacheAs != null && cache == null) {
            throw new LimbeckException("found teacher.cache_as without teacher.cache; set a cache folder");
        }
        if (classes != null) requireDistinct(classes);
        classes = classes == null ? null : List.copyOf(classes);
    }

    /** Refuse settings that nothing would read. */
    private static void refuse(Map<String, @Nullable Object> settings, String expected, String or) {
        settings.values().removeIf(Objects::isNull);
        if (settings.isEmpty()) return;
        boolean one = settings.size() == 1;
        String it = one ? "it" : "them";
        throw new LimbeckException(String.join(", ", settings.keySet()) + (one ? " is" : " are") + " for " + expected
                + "; leave " + it + " out, or " + String.format(or, it));
    }

    private static List<String> keys(TeacherInputs inputs) {
        List<String> keys = new ArrayList<>(inputs.preprocessing().keySet());
        keys.addAll(inputs.ofWholeNetworks().keySet());
        return keys;
    }

    private static void requireDistinct(List<String> names) {
        Set<String> known = new HashSet<>();
        List<String> twice =
                names.stream().filter(name -> !known.add(name)).distinct().toList();
        if (!twice.isEmpty()) {
            throw new LimbeckException(
                    "class names must be unique, found twice: " + String.join(", ", twice) + "; rename one");
        }
        if (names.stream().anyMatch(String::isBlank)) {
            throw new LimbeckException(
                    "class names must not be empty, found an empty one among " + names.size() + "; name every output");
        }
    }

    /** Return the files of the teacher or its members; a served model has none. */
    @JsonIgnore
    public List<Path> files() {
        String one = model;
        if (one != null) return ModelAddress.isOne(one) ? List.of() : List.of(Path.of(one));
        List<Path> files = new ArrayList<>();
        if (members != null) members.forEach(member -> files.addAll(member.files()));
        return files;
    }

    /** Return the cache folders of the teacher and its members. */
    @JsonIgnore
    public List<Path> cacheFolders() {
        List<Path> folders = new ArrayList<>();
        if (cache != null) folders.add(Path.of(cache));
        if (members != null) members.forEach(member -> folders.addAll(member.cacheFolders()));
        return folders;
    }

    /** Return a copy without a cache folder. */
    TeacherRecipe withoutCache() {
        return Sections.with(Sections.with(this, "cacheAs", null), "cache", null);
    }

    /**
     * Open the teacher. The caller closes it.
     *
     * @param log receives lines about cached outputs and warnings
     */
    public LoadedTeacher open(Consumer<String> log) {
        return open(log, ModelRole.TEACHER);
    }

    /** Open the model for a given role, which error messages name. */
    public LoadedTeacher open(Consumer<String> log, ModelRole role) {
        LoadedTeacher opened = members == null ? openOne(log, role) : openMembers(members, log, role);
        if (embedding != null) opened = embedded(opened, embedding);
        return cache == null ? opened : opened.wrapped(teacher -> cached(teacher, log));
    }

    private static LoadedTeacher embedded(LoadedTeacher opened, String layer) {
        try {
            return opened.wrapped(teacher -> teacher.embedding(layer));
        } catch (LimbeckException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Cache a teacher's outputs in the cache folder.
     *
     * @throws LimbeckException if the recipe has none
     */
    CachedTeacher cached(Teacher teacher, Consumer<String> log) {
        if (cache == null) throw new LimbeckException("the recipe has no cache folder; set one with --cache-teacher");
        Encoding as = cacheAs == null ? Encoding.FLOAT32 : Encoding.of(cacheAs);
        return CachedTeacher.onDisk(teacher, Path.of(cache), as, log);
    }

    private LoadedTeacher openMembers(List<TeacherRecipe> all, Consumer<String> log, ModelRole role) {
        List<LoadedTeacher> opened = new ArrayList<>();
        try {
            for (TeacherRecipe member : all) opened.add(member.open(log, role));
            return LoadedTeacher.of(
                    opened,
                    ensemble == null
                            ? EnsembleTeacher.Combination.LOGITS
                            : EnsembleTeacher.Combination.valueOf(ensemble.toUpperCase(Locale.ROOT)),
                    weights == null
                            ? null
                            : weights.stream().mapToDouble(Double::doubleValue).toArray());
        } catch (RuntimeException e) {
            opened.forEach(LoadedTeacher::close);
            throw e;
        }
    }

    private LoadedTeacher openOne(Consumer<String> log, ModelRole role) {
        if (model != null && ModelAddress.isOne(model)) {
            requireWhole(model);
            int atOnce = requests == null ? 1 : requests;
            return withSettings(ServedModel.open(ModelAddress.of(model), atOnce, role, log), model);
        }
        if (requests != null) {
            throw new LimbeckException("requests applies only to served models, found " + model + "; leave it out");
        }
        Path file = Path.of(String.valueOf(model));
        if (Files.isRegularFile(file) && ModelRuntimes.find(file).isPresent()) {
            requireWhole(file.toString());
            return withSettings(FileTeacher.open(file, role, log), file.toString());
        }
        Map<String, String> order = inputs == null ? Map.of() : inputs.ofWholeNetworks();
        if (!order.isEmpty() || output != null) {
            List<String> found = new ArrayList<>(order.keySet());
            if (output != null) found.add("output");
            throw new LimbeckException(String.join(", ", found)
                    + (found.size() == 1 ? " applies" : " apply") + " only to TorchScript and ONNX files, found "
                    + file + "; leave " + (found.size() == 1 ? "it" : "them") + " out");
        }
        SavedModel saved = SavedModel.open(file, architecture == null ? null : Zoo.byName(architecture), weightsKey);
        Map<String, String> all = new LinkedHashMap<>(saved.preprocessing());
        if (inputs != null) {
            try {
                requireKind(all, file.toString());
            } catch (LimbeckException e) {
                saved.close();
                throw e;
            }
            all.putAll(inputs.preprocessing());
        }
        List<String> names = classes == null ? saved.classNames() : classes;
        if (classes != null && classes.size() != saved.classes()) {
            int known = saved.classes();
            saved.close();
            throw new LimbeckException(file + " knows " + known + " classes, found " + classes.size() + " names");
        }
        return LoadedTeacher.of(saved.withMetadata(names, all));
    }

    /** Refuse settings of weights without a network. */
    private void requireWhole(String file) {
        if (architecture != null) {
            throw new LimbeckException(file + " contains a whole network; leave its architecture out");
        }
        if (weightsKey != null) {
            throw new LimbeckException(file + " contains a whole network; leave weights_key out");
        }
    }

    private LoadedTeacher withSettings(FileTeacher opened, String file) {
        try {
            FileTeacher teacher = opened;
            if (inputs != null) {
                requireKind(teacher.preprocessing(), file);
                teacher = teacher.withPreprocessing(inputs.preprocessing());
            }
            if (classes != null) teacher = teacher.withClassNames(classes);
            if (output != null) teacher = teacher.withOutput(TeacherOutput.of(output));
            if (inputs != null) teacher = teacher.withPreprocessing(inputs.ofWholeNetworks());
            return LoadedTeacher.of(teacher, file);
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** Refuse settings of inputs of another kind of data than the model's. */
    private void requireKind(Map<String, String> own, String file) {
        String kind = Modalities.ofSaved(own).kind();
        if (inputs == null || kind.equals(inputs.kind())) return;
        throw new LimbeckException(String.join(", ", keys(inputs)) + " are settings of " + inputs.kind()
                + " teachers, found " + file + " for " + kind + " data; leave them out");
    }
}
