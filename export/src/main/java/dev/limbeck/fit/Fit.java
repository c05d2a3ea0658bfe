package dev.limbeck.fit;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.compare.SearchSpace;
import dev.limbeck.compare.Sweep;
import dev.limbeck.compare.SweepResult;
import dev.limbeck.data.Data;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Choose the best student within a budget of latency and size. First the untrained networks are measured in ONNX Runtime; then those within
 * the budget are distilled by successive halving on cached outputs of the teacher, and judged by the validation metric, on a tie by the cost;
 * then the winner is compared with the same network without a teacher, on fresh seeds and the test split. Each step is stored, so an
 * interrupted fit can be continued.
 */
public final class Fit {
    /** File name of the result in a fit's folder. */
    public static final String RESULT_NAME = "fit.json";

    /** Small networks besides those that {@link Zoo#names} lists. */
    private static final List<String> SMALLER = List.of("small-cnn-16-32-64", "small-cnn-8-16-32");

    /** Shares of the channels that a network above the budget is narrowed to, in turn. */
    private static final List<String> NARROWER = List.of("@0.5", "@0.25");

    private final Recipe base;
    private final Budget budget;
    private final Path out;
    private final RunContext context;
    private List<String> students = List.of();
    private int threads;
    private int seeds = 1;
    private int confirmSeeds = 3;
    private @Nullable Path measured;

    /**
     * Create a fit with all networks of the zoo that take the data. Networks above the budget take part with half or a quarter of the
     * channels in their layers that can be pruned, as {@code resnet18@0.5}.
     *
     * @param base recipe with a teacher, whose student is replaced
     * @param out folder of the fit; what an earlier call stored is used again
     */
    public Fit(Recipe base, Budget budget, Path out, RunContext context) {
        if (base.teacher() == null) throw new LimbeckException("a fit needs a recipe with a teacher; name one");
        if (Task.Kind.of(base.data().task()) == Task.Kind.EMBEDDING) {
            throw new LimbeckException(
                    "a fit compares a validation metric, found the task embedding; choose another task");
        }
        if (base.pretrained() != null) {
            throw new LimbeckException("a fit measures networks with their own heads, found pretrained; leave it out");
        }
        if (base.prune() != null) {
            throw new LimbeckException("a fit measures networks before they are trained, found prune; leave it out, and"
                    + " name pruned files (limbeck prune) as students");
        }
        this.base = base;
        this.budget = Objects.requireNonNull(budget, "budget");
        this.out = out;
        this.context = context;
    }

    /**
     * Choose among these students and the narrower forms of those above the budget: architectures by name, and files of trained or pruned
     * models, which go on from their weights.
     *
     * @throws LimbeckException if there is no such architecture, or a file does not say its own
     */
    public Fit among(List<String> names) {
        names.forEach(Recipe::architecture);
        students = names.stream().distinct().toList();
        return this;
    }

    /** Set the threads of ONNX Runtime: what the place has where the student will run; 0, the default, for all cores. */
    public Fit threads(int count) {
        threads = Settings.atLeast(0, "threads", count);
        return this;
    }

    /**
     * Set the number of seeds: of each network in the search (1), and of the winner's confirmation (3), which 0 leaves out.
     */
    public Fit seeds(int ofEach, int ofWinner) {
        seeds = Settings.atLeast(1, "seeds", ofEach);
        confirmSeeds = Settings.atLeast(0, "confirm", ofWinner);
        return this;
    }

    /** Use costs that {@link #measure} stored elsewhere, in place of this machine's. Networks and narrower forms that it lacks are logged. */
    public Fit costs(Path file) {
        measured = file;
        return this;
    }

    /**
     * Measure the networks, and write {@value Costs#NAME}.
     *
     * @throws LimbeckException if no network can be measured, or the file there is of other networks
     */
    public Costs measure() {
        return measure(false);
    }

    private Costs measure(boolean thenTrains) {
        Map<String, String> ofTeacher = ofTeacher();
        try (Data data = open(ofTeacher)) {
            List<String> inputs =
                    data.inputs().stream().map(InputSpec::toString).toList();
            int outputs = data.task().outputs();
            Path file = measured != null ? measured : out.resolve(Costs.NAME);
            Costs known = measured != null || Files.exists(file) ? Costs.read(file) : null;
            if (known != null) {
                requireSame(file, "inputs", inputs, known.inputs());
                requireSame(file, "number of outputs", outputs, known.outputs());
                if (measured == null) {
                    requireSame(file, "threads", threads, known.threads());
                    // Latencies of two machines cannot be compared.
                    requireSame(file, "machine", here(), known.machine());
                }
            }
            List<String> names =
                    startable(students.isEmpty() ? measured != null ? named(known) : inZoo(data) : students);
            requireTrainable(names, ofTeacher, data, thenTrains);
            List<Cost> costs = new ArrayList<>(costs(names, known, data));
            if (measured != null) logUnknown(names, costs);
            costs.addAll(narrower(costs, known, data));
            if (costs.isEmpty()) throw new LimbeckException("none of " + names.size() + " networks can be measured");
            String machine = known == null ? here() : known.machine();
            int used = known == null ? threads : known.threads();
            // Those of an earlier call with other networks stay in the file.
            List<Cost> kept = new ArrayList<>(costs);
            if (known != null) {
                known.costs().stream()
                        .filter(cost ->
                                costs.stream().noneMatch(one -> one.student().equals(cost.student())))
                        .forEach(kept::add);
            }
            new Costs(machine, used, inputs, outputs, kept).write(out.resolve(Costs.NAME));
            return new Costs(machine, used, inputs, outputs, costs);
        }
    }

    /** Return the costs that are known, and those of the other networks as measured here, unless they are to come from elsewhere. */
    private List<Cost> costs(List<String> names, @Nullable Costs known, Data data) {
        List<Cost> costs = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String name : names) {
            Optional<Cost> cost = known == null ? Optional.empty() : known.of(name);
            // A model's file may be another one than then.
            String architecture = Recipe.architecture(name).name();
            if (cost.isPresent() && !architecture.equals(cost.get().architecture())) cost = Optional.empty();
            // The latency was left out under a smaller budget of size.
            boolean timed = cost.isPresent()
                    && !(Double.isNaN(cost.get().millis())
                            && budget.allows(cost.get().bytes()));
            if (timed) costs.add(cost.get());
            else missing.add(name);
        }
        if (measured == null && !missing.isEmpty()) {
            context.log().accept("measuring in ONNX Runtime: " + String.join(", ", missing));
            costs.addAll(new CostMeter(data, threads, context.log()).measure(missing, budget));
        }
        return costs;
    }

    private void logUnknown(List<String> names, List<Cost> costs) {
        Set<String> known = costs.stream().map(Cost::student).collect(Collectors.toSet());
        names.stream()
                .filter(name -> !known.contains(name))
                .forEach(name -> context.log().accept(name + " is left out: " + measured + " has no cost of it"));
    }

    /**
     * Return costs of narrower forms of the networks above the budget: half of the channels, and a quarter if that is still above it. Those
     * that take part already are not repeated.
     */
    private List<Cost> narrower(List<Cost> whole, @Nullable Costs known, Data data) {
        Map<String, Cost> byArchitecture = new HashMap<>();
        whole.forEach(cost -> byArchitecture.put(cost.architecture(), cost));
        Set<String> above = whole.stream()
                .filter(cost -> !budget.allows(cost))
                .map(Cost::student)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        Map<String, String> unknown = new LinkedHashMap<>();
        List<Cost> narrow = new ArrayList<>();
        for (String share : NARROWER) {
            // Files have no such forms, nor have networks without channels that can be pruned.
            Map<String, String> forms = new LinkedHashMap<>();
            above.forEach(name -> Zoo.find(name + share).ifPresent(form -> forms.put(name, form.name())));
            Set<String> taken = new HashSet<>(byArchitecture.keySet());
            List<Cost> costs = costs(
                    forms.keySet().stream()
                            .filter(name -> taken.add(forms.get(name)))
                            .map(name -> name + share)
                            .toList(),
                    known,
                    data);
            costs.forEach(cost -> byArchitecture.put(cost.architecture(), cost));
            narrow.addAll(costs);
            above.retainAll(forms.keySet());
            above.removeIf(name -> {
                Cost cost = byArchitecture.get(forms.get(name));
                if (cost != null) return budget.allows(cost);
                // Elsewhere a quarter may have been measured alone.
                if (measured != null) unknown.putIfAbsent(name, name + share);
                return measured == null;
            });
        }
        if (!unknown.isEmpty()) {
            context.log()
                    .accept(measured + " has no cost of " + String.join(", ", unknown.values())
                            + ", so they are left out; measure with this budget where it was measured (--measure)");
        }
        return narrow;
    }

    private static String here() {
        return RunRecord.Engine.here().machine();
    }

    /**
     * Measure, train and judge the networks, and write {@value #RESULT_NAME} and the files of a {@link Sweep}.
     *
     * @throws LimbeckException if no network is within the budget, with the nearest one; or as {@link Sweep#run} does
     */
    public FitResult run() {
        Costs costs = measure(true);
        // Of trials with one metric, a sweep takes the first.
        List<Cost> allowed = budget.allowed(costs.costs());
        if (allowed.isEmpty()) {
            Cost nearest = costs.costs().stream()
                    .min(Comparator.comparingDouble(budget::excess))
                    .orElseThrow();
            throw new LimbeckException("none of " + costs.costs().size() + " networks is within " + budget
                    + "; the nearest is " + CostMeter.words(nearest)
                    + "; raise the budget, make the images smaller, or name other networks (--students)");
        }
        context.log()
                .accept(allowed.size() + " of " + costs.costs().size() + " networks are within " + budget
                        + "; they are trained by successive halving");
        SweepResult sweep = sweep(allowed.stream().map(Cost::student).toList()).run();
        List<FitResult.Candidate> candidates = new ArrayList<>();
        for (SweepResult.Trial trial : sweep.trials()) {
            Cost cost = costs.of(trial.student()).orElseThrow();
            candidates.add(new FitResult.Candidate(cost, trial.epochs(), trial.valid()));
        }
        costs.costs().stream()
                .filter(cost -> !budget.allows(cost))
                .sorted(Comparator.comparingDouble(budget::excess))
                .forEach(cost -> candidates.add(new FitResult.Candidate(cost, 0, Double.NaN)));
        FitResult result = new FitResult(budget.toString(), costs.machine(), candidates, sweep);
        AtomicFile.write(out.resolve(RESULT_NAME), RunJson.sealed(result));
        return result;
    }

    private Sweep sweep(List<String> names) {
        SearchSpace space = SearchSpace.ofStudents(names);
        return new Sweep(base, space, Sweep.Strategy.HALVING, 1, seeds, confirmSeeds, out, context);
    }

    private Data open(Map<String, String> ofTeacher) {
        Recipe any = students.isEmpty() ? base : recipes(students).iterator().next();
        return any.open(base.training().seed(), ofTeacher, context.quiet());
    }

    private Map<String, String> ofTeacher() {
        try (LoadedTeacher teacher = teacher()) {
            return teacher.preprocessing();
        }
    }

    private LoadedTeacher teacher() {
        return Objects.requireNonNull(base.teacher()).open(line -> {});
    }

    /** Return the networks that can start as the recipe says. One that cannot is an error if it was named. */
    private List<String> startable(List<String> names) {
        if (base.init() == null) return names;
        Map<String, Recipe> recipes = SearchSpace.ofStudents(names).recipes(base);
        try (LoadedTeacher teacher = teacher()) {
            List<String> able = students.isEmpty()
                    ? names.stream()
                            .filter(name -> recipes.get(name).canStart(teacher, context))
                            .toList()
                    : names;
            // If there is none, the check says what would fit.
            if (able.isEmpty()) able = names;
            for (String name : able) recipes.get(name).checkStart(teacher, context);
            if (able.size() < names.size()) {
                context.log()
                        .accept(
                                (names.size() - able.size()) + " of " + names.size()
                                        + " networks cannot start from the weights that init.from (--init) names, and are left out");
            }
            return able;
        }
    }

    private Collection<Recipe> recipes(List<String> names) {
        return SearchSpace.ofStudents(names).recipes(base).values();
    }

    /**
     * Check what the search would find after the measuring: that there is a recipe for each student, that all read the same inputs, and that
     * the teacher fits the rows.
     */
    private void requireTrainable(List<String> names, Map<String, String> ofTeacher, Data data, boolean thenTrains) {
        Recipe.requireSamePreparation(recipes(names), ofTeacher);
        Sweep sweep = sweep(names);
        if (thenTrains) sweep.requireJudging(data);
        try (LoadedTeacher teacher = teacher()) {
            Objects.requireNonNull(base.distillation()).with(teacher.teacher()).requireFitting(data);
        }
    }

    private static List<String> named(@Nullable Costs known) {
        return known == null
                ? List.of()
                : known.costs().stream().map(Cost::student).toList();
    }

    /** Return the networks of the zoo that take the data. */
    private static List<String> inZoo(Data data) {
        return Stream.concat(Zoo.names().stream(), SMALLER.stream())
                .filter(name -> Zoo.byName(name).takes(data.inputs()))
                .toList();
    }

    private static void requireSame(Path file, String what, Object wanted, Object found) {
        if (wanted.equals(found)) return;
        throw new LimbeckException(file + " is of other networks: expected " + what + " " + wanted + ", found " + found
                + "; remove it, or measure again with the same data");
    }
}
