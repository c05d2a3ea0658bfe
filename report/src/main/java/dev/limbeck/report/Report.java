package dev.limbeck.report;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.Version;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Split;
import dev.limbeck.evaluate.Profile;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** Write a comparison as one self-contained HTML file: curves, intervals, dark knowledge, images, cost. */
public final class Report {
    /** Name of the page in a comparison's folder. */
    public static final String NAME = RunDirectory.REPORT_NAME;

    private static final String TEACHER = "teacher: ";
    private static final int LATENCY_RUNS = 50;
    private static final int BATCH = 32;

    private final ComparisonResult result;
    private final Path folder;
    private final RunContext context;

    private Report(ComparisonResult result, Path folder, RunContext context) {
        this.result = result;
        this.folder = folder;
        this.context = context;
    }

    /**
     * Write the page of a finished comparison.
     *
     * @param folder of the comparison; the page is written there too
     * @return the page's file
     * @throws LimbeckException if a file of the comparison is missing, or the page cannot be written
     */
    public static Path write(ComparisonResult result, Path folder, RunContext context) {
        Report report = new Report(result, folder, context);
        String page = Html.page("report", report.page());
        Path file = folder.resolve(NAME);
        AtomicFile.write(file, page);
        return file;
    }

    private Page page() {
        Split split = result.split().equals(Split.TEST.label()) ? Split.TEST : Split.VALID;
        List<Map<Split, Predictions>> teachers = result.teachers().stream()
                .map(teacher -> PredictionFile.read(folder.resolve(teacher.file())))
                .toList();
        List<Map<Split, Predictions>> students = new ArrayList<>();
        List<Page.Variant> variants = new ArrayList<>();
        for (ComparisonResult.Variant one : result.variants()) {
            Path shown = folder.resolve(one.runs().get(0).directory());
            Map<Split, Predictions> predictions = PredictionFile.read(shown.resolve(PredictionFile.NAME));
            students.add(predictions);
            variants.add(variant(one));
        }
        List<Page.Teacher> pageTeachers = new ArrayList<>();
        for (int i = 0; i < teachers.size(); i++) {
            ComparisonResult.TeacherResult teacher = result.teachers().get(i);
            pageTeachers.add(new Page.Teacher(teacher.title(), teacher.value(), teacher.report()));
        }
        RunRecord first = runRecord(result.variants().get(0).runs().get(0));
        Recipe recipe = RecipeFiles.bind(first.recipe(), "");
        try (Data data = open(recipe)) {
            Pictures pictures = new Pictures(data, split);
            List<String> names = result.variants().stream()
                    .map(ComparisonResult.Variant::name)
                    .toList();
            List<Predictions> judged = students.stream()
                    .map(of -> Objects.requireNonNull(of.get(split)))
                    .toList();
            return new Page(
                    "Limbeck: " + recipe.student() + " on " + name(recipe.data().source()),
                    facts(),
                    "Written by Limbeck " + Version.number() + " on "
                            + first.engine().system() + ".",
                    result.metric(),
                    Metric.areShares(result.metric()),
                    result.split(),
                    result.seeds().get(0),
                    data.classNames(),
                    pageTeachers,
                    variants,
                    teachers.isEmpty() || data.task().kind() != Task.Kind.SINGLE_LABEL
                            ? List.of()
                            : pictures.cards(
                                    Objects.requireNonNull(teachers.get(0).get(split)), names, judged),
                    pictures.changes(result.variants(), judged),
                    pictures.misses(names, judged),
                    pictures.scatters(
                            Stream.concat(teacherNames(), names.stream()).toList(),
                            Stream.concat(
                                            teachers.stream().map(of -> Objects.requireNonNull(of.get(split))),
                                            judged.stream())
                                    .toList()),
                    costs(data));
        }
    }

    private Stream<String> teacherNames() {
        return result.teachers().stream().map(teacher -> TEACHER + teacher.title());
    }

    private Page.Variant variant(ComparisonResult.Variant one) {
        List<List<EpochRecord>> curves = new ArrayList<>();
        for (ComparisonResult.Run run : one.runs()) curves.add(runRecord(run).epochs());
        return new Page.Variant(
                one.name(),
                one.verdict().isEmpty() ? "" : one.sentence(),
                one.value(),
                one.bestValue(),
                one.difference(),
                one.bestDifference(),
                one.gapClosed(),
                one.seconds(),
                one.runs(),
                curves,
                one.report());
    }

    /**
     * Return a short name of the data: the last part of a path, or the name of a built-in source without its
     * parameters.
     */
    static String name(String source) {
        if (source.startsWith("shapes:")) return "shapes";
        return source.replaceFirst("[/\\\\]+$", "").replaceFirst(".*[/\\\\]", "");
    }

    private List<String> facts() {
        List<String> facts = new ArrayList<>(result.facts());
        if (result.chosen() != null) facts.add("The validation split would choose " + result.chosen() + ".");
        return facts;
    }

    private RunRecord runRecord(ComparisonResult.Run run) {
        return RunRecord.read(folder.resolve(run.directory()).resolve(RunDirectory.RECORD_NAME));
    }

    private Data open(Recipe recipe) {
        Map<String, String> preprocessing = result.teachers().isEmpty()
                ? Map.of()
                : result.teachers().get(0).preprocessing();
        return recipe.open(result.seeds().get(0), preprocessing, context.quiet());
    }

    private List<Page.Cost> costs(Data data) {
        List<Page.Cost> costs = new ArrayList<>();
        Set<List<?>> measured = new HashSet<>();
        for (ComparisonResult.TeacherResult one : result.teachers()) {
            // One teacher may be there once for each matching of its classes.
            if (!measured.add(Arrays.asList(one.sha256(), one.weightsKey(), one.preprocessing()))) continue;
            // The cost of an ensemble, or of a teacher in another runtime, cannot be measured on a module.
            Architecture architecture = Zoo.find(one.architecture()).orElse(null);
            if (architecture == null) continue;
            // A teacher may read others than the student: images of another size, tokens in place of hashed words.
            Map<String, String> own = new HashMap<>(Modalities.metadata(data.preprocessing()));
            if (one.preprocessing().containsKey(Modalities.KEY)) own.clear();
            own.putAll(one.preprocessing());
            try (SavedModel teacher = SavedModel.open(Path.of(one.model()), architecture, one.weightsKey())) {
                costs.add(cost(TEACHER + one.architecture(), teacher, Modalities.inputs(own)));
            }
        }
        // Pruned in the run or not, students of a comparison may cost differently.
        Set<String> architectures = new HashSet<>();
        for (ComparisonResult.Variant variant : result.variants()) {
            Path student = folder.resolve(variant.runs().get(0).directory());
            try (SavedModel model = SavedModel.open(student, null)) {
                if (!architectures.add(model.architecture())) continue;
                costs.add(cost("student: " + model.architecture(), model, data.inputs()));
            }
        }
        return costs;
    }

    private static Page.Cost cost(String name, SavedModel model, List<InputSpec> inputs) {
        try {
            long bytes = Files.size(model.file());
            return new Page.Cost(name, Profile.of(model.module(), bytes, BATCH, LATENCY_RUNS, inputs));
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + model.file() + ": " + e.getMessage(), e);
        }
    }
}
