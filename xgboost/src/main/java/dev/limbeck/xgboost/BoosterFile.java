package dev.limbeck.xgboost;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.Printable;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/**
 * Read a booster's file, {@code .json} or {@code .ubj}, and check all that XGBoost relies on, before native code gets it.
 *
 * @param bytes of the file
 * @param names of the features; empty if the file has none
 * @param features number of features
 * @param rounds of boosting
 * @param objective it was trained for
 */
record BoosterFile(byte[] bytes, List<String> names, int features, Rounds rounds, String objective) {
    /**
     * Hold rounds of boosting.
     *
     * @param parallel trees a round and output
     * @param used those up to the best one, where training stopped early
     */
    record Rounds(int all, int parallel, int used) {
        /** Return the bound of trees that XGBoost takes for a prediction; 0 for none. */
        int limit() {
            return used == all ? 0 : (int) Math.min(Integer.MAX_VALUE, (long) used * parallel);
        }

        @Override
        public String toString() {
            return used == all ? all + " rounds" : "the first " + used + " of " + all + " rounds, by early stopping";
        }
    }

    /** XGBoost allocates a row of as many numbers. */
    private static final int MOST_FEATURES = 1_000_000;
    /** Sets of categories that any file may have, and for each of its bytes. */
    private static final long FREE_BYTES = 1 << 26;

    private static final int GROWTH = 16;

    private static final String BINARY = "binary:logistic";
    private static final String BEST = "best_iteration";
    private static final String NUMBERS = "reg:squarederror";
    private static final List<String> OBJECTIVES = List.of(BINARY, "multi:softprob", "multi:softmax", NUMBERS);

    /**
     * Read and check a file.
     *
     * @throws LimbeckException if it is none, is damaged, or was trained for another objective
     */
    static BoosterFile read(Path file) {
        IoErrors.requireFile(file);
        try {
            long size = Files.size(file);
            if (size > Limit.BOOSTER_BYTES.value()) {
                throw IoErrors.in(
                        file,
                        "must have at most " + Limit.BOOSTER_BYTES.value() + " bytes, found " + size + "; "
                                + Limit.BOOSTER_BYTES.advice());
            }
            return of(Files.readAllBytes(file));
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        } catch (LimbeckException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith(file.toString()) ? e : new LimbeckException(file + ": " + message, e);
        }
    }

    private static BoosterFile of(byte... bytes) {
        if (bytes.length < 2 || bytes[0] != '{') {
            throw new LimbeckException(
                    "is no booster: expected JSON or UBJSON; save it with XGBoost 1.0 or later (save_model)");
        }
        // A map of JSON goes on with a name in quotes, one of UBJSON with the type of a length.
        boolean isJson = "\" \t\r\n}".indexOf(bytes[1]) >= 0;
        Fields learner = Fields.of("file", isJson ? JsonValues.read(bytes) : Ubjson.read(bytes))
                .map("learner");
        String objective = learner.map("objective").text("name");
        if (!OBJECTIVES.contains(objective)) {
            throw new LimbeckException("must be trained for " + String.join(", ", OBJECTIVES) + ", found "
                    + Printable.quote(objective) + "; use another booster, or convert it to ONNX");
        }
        Fields size = learner.map("learner_model_param");
        int features = size.count("num_feature");
        if (features < 1 || features > MOST_FEATURES) throw size.wrong("1 to " + MOST_FEATURES + " features", features);
        int classes = size.count("num_class");
        int targets = size.has("num_target") ? size.count("num_target") : 1;
        if ((classes > 0) != objective.startsWith("multi:")) throw size.wrong("classes that fit " + objective, classes);
        if (targets < 1 || targets > 1 && classes > 0) throw size.wrong("one target for classes", targets);
        List<String> names = learner.texts("feature_names");
        for (List<String> own : List.of(names, learner.texts("feature_types"))) {
            if (!own.isEmpty() && own.size() != features) {
                throw learner.wrong(features + " names and types of features", own.size());
            }
        }
        if (new HashSet<>(names).size() < names.size()) throw learner.wrong("different feature_names", "one twice");
        Rounds rounds = booster(learner.map("gradient_booster"), features, Math.max(classes, targets), bytes.length);
        // XGBClassifier and XGBRegressor predict so, too.
        if (learner.has("attributes") && learner.map("attributes").has(BEST)) {
            int best = learner.map("attributes").count(BEST);
            rounds = new Rounds(rounds.all, rounds.parallel, best < rounds.all ? best + 1 : rounds.all);
        }
        return new BoosterFile(bytes, names, features, rounds, objective);
    }

    private static Rounds booster(Fields booster, int features, int outputs, long length) {
        return switch (booster.text("name")) {
            case "gbtree" -> trees(booster.map("model"), features, outputs, length);
            case "dart" -> {
                Fields inner = booster.map("gbtree").map("model");
                Rounds rounds = trees(inner, features, outputs, length);
                int dropped = booster.numbers("weight_drop").length;
                int trees = inner.maps("trees").size();
                if (dropped != trees) throw booster.wrong(trees + " weights of trees", dropped);
                yield rounds;
            }
            default -> throw booster.wrong("trees", booster.text("name"), "train it with booster=gbtree");
        };
    }

    private static Rounds trees(Fields model, int features, int outputs, long length) {
        List<Fields> trees = model.maps("trees");
        Fields sizes = model.map("gbtree_model_param");
        if (trees.size() != sizes.count("num_trees"))
            throw model.wrong(sizes.count("num_trees") + " trees", trees.size());
        if (trees.size() < outputs) throw model.wrong("a tree for each of " + outputs + " outputs", trees.size());
        int parallel = sizes.has("num_parallel_tree") ? sizes.count("num_parallel_tree") : 1;
        if (parallel < 1 || parallel > trees.size()) throw sizes.wrong("1 or more parallel trees", parallel);
        double[] groups = model.numbers("tree_info");
        if (groups.length != trees.size()) throw model.wrong(trees.size() + " numbers of tree_info", groups.length);
        for (double group : groups) {
            if (group != Math.rint(group) || group < 0 || group >= outputs) {
                throw model.wrong("outputs below " + outputs, group);
            }
        }
        long bytes = 0;
        for (Fields tree : trees) bytes += BoosterTree.check(tree, features);
        if (bytes > FREE_BYTES + GROWTH * length) throw model.wrong("smaller categories", bytes + " bytes of them");
        if (model.has("cats")) cats(model.map("cats"), features);
        if (!model.has("iteration_indptr")) {
            if (trees.size() % ((long) parallel * outputs) != 0)
                throw model.wrong("whole rounds", trees.size() + " trees");
            return rounds(trees.size() / parallel / outputs, parallel);
        }
        double[] rounds = model.numbers("iteration_indptr");
        if (rounds.length < 2 || rounds[0] != 0 || rounds[rounds.length - 1] != trees.size()) {
            throw model.wrong("rounds from the first to the last tree", Arrays.toString(rounds));
        }
        for (int i = 1; i < rounds.length; i++) {
            if (!(rounds[i] == Math.rint(rounds[i]) && rounds[i] >= rounds[i - 1])) {
                throw model.wrong("rounds in order", rounds[i]);
            }
        }
        return rounds(rounds.length - 1, parallel);
    }

    private static Rounds rounds(int all, int parallel) {
        return new Rounds(all, parallel, all);
    }

    /** Check that the categories of data frames are absent. */
    private static void cats(Fields cats, int features) {
        for (String name : List.of("enc", "feature_segments", "sorted_idx")) {
            boolean isEmpty = cats.values().get(name) instanceof double[] numbers && numbers.length == 0;
            if (!isEmpty) {
                throw cats.wrong(
                        "no words of its " + features + " features",
                        "some (a data frame's categories)",
                        "train it on numbers, such as the categories' codes, or convert it to ONNX");
            }
        }
    }

    /** Return what its margins are. */
    TeacherOutput output() {
        return objective.equals(NUMBERS) ? TeacherOutput.NUMBERS : TeacherOutput.LOGITS;
    }
}
