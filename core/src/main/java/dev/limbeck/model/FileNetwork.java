package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.weights.RequiredTensors;
import dev.limbeck.weights.WeightFile;
import dev.limbeck.weights.WeightFit;
import dev.limbeck.zoo.Architecture;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold a network made for a file of weights, which it does not have yet.
 *
 * @param fit the file's weights for it
 * @param classes number of outputs; 0 if a network for inputs has no names of them
 */
record FileNetwork(Module module, WeightFit fit, int classes) {
    /** ImageNet-21k has 21,843. The limit bounds the network that a damaged file can create. */
    private static final int MOST_CLASSES = 100_000;

    /** Number of classes of the first attempt; the file's classifier then determines it. */
    private static final int GUESS = 10;

    /**
     * Create a network with the number of classes of the file's classifier.
     *
     * @param key where in the file the weights are stored; null to search
     * @param named number of classes that the file names; 0 if it names none
     * @param inputs of the network; empty if its layers do not depend on them
     * @throws LimbeckException if the file is of another architecture, or names another number of classes than it has
     */
    static FileNetwork of(
            WeightFile weights, Architecture architecture, @Nullable String key, int named, List<InputSpec> inputs) {
        int guess = named == 0 ? GUESS : named;
        Module module = SavedModel.created(weights, architecture, guess, inputs);
        try {
            FileNetwork made = fitted(weights, architecture, key, named, module);
            if (named > 0 && made.classes != named) {
                throw new LimbeckException(
                        weights.path() + " names " + named + " classes, but its classifier has " + made.classes);
            }
            boolean sized = architecture.isSizedByInputs() || architecture.givesEmbedding();
            if (sized || named > 0 || made.classes == guess) return made;
            module.close();
            return new FileNetwork(architecture.create(made.classes, inputs), made.fit, made.classes);
        } catch (RuntimeException e) {
            module.close();
            throw e;
        }
    }

    private static FileNetwork fitted(
            WeightFile weights, Architecture architecture, @Nullable String key, int named, Module module) {
        RequiredTensors all = RequiredTensors.of(architecture.name(), module);
        // A network that is made for inputs is made from metadata, which has the classes too.
        if (architecture.isSizedByInputs() || architecture.givesEmbedding()) {
            WeightFit fit = weights.fit(all, key);
            fit.orThrow();
            int width = architecture.givesEmbedding() ? EmbeddingWidth.of(module, architecture) : named;
            return new FileNetwork(module, fit, width);
        }
        if (named > 0) {
            WeightFit fit = weights.fit(all, key);
            if (fit.fits()) {
                fit.orThrow();
                return new FileNetwork(module, fit, named);
            }
        }
        RequiredTensors needs = forAnyClasses(all, architecture, module, named == 0 ? GUESS : named);
        WeightFit fit = weights.fit(needs, key);
        fit.orThrow();
        return new FileNetwork(
                module, fit, needs.open().isEmpty() ? outputs(module, architecture) : classes(weights, fit, needs));
    }

    /** Open the tensors of the classifiers, of which a network may have several: those with as many rows as classes. */
    private static RequiredTensors forAnyClasses(
            RequiredTensors all, Architecture architecture, Module module, int classes) {
        RequiredTensors ofHead = all.forAnyClasses(head(module, architecture), classes);
        if (!ofHead.open().isEmpty()) return ofHead;
        // Not every network lists its classifier last.
        String last = "";
        for (Map.Entry<String, Tensor> entry : module.parameters().entrySet()) {
            if (isClassifiers(entry.getValue()) && entry.getValue().size(0) == classes) last = entry.getKey();
        }
        return all.forAnyClasses(List.of(last, last.replaceAll("weight$", "bias")), classes);
    }

    /** Return the number of classes of the file, which is that of each classifier. */
    private static int classes(WeightFile weights, WeightFit fit, RequiredTensors needs) {
        String first = "";
        for (String name : needs.open()) {
            long found = fit.shape(name)[0];
            if (found < 1 || found > MOST_CLASSES) {
                throw new LimbeckException(weights.path() + " has a classifier '" + name + "' of " + found
                        + " classes; expected 1 to " + MOST_CLASSES + "; it is not a " + needs.network());
            }
            if (first.isEmpty()) first = name;
            if (found == fit.shape(first)[0]) continue;
            throw new LimbeckException(weights.path() + " has " + fit.shape(first)[0] + " classes in '" + first
                    + "' and " + found + " in '" + name + "'; expected as many in both; it is not a "
                    + needs.network());
        }
        return (int) fit.shape(first)[0];
    }

    /** Return the number of a network's outputs: the rows of its last classifier. */
    static int outputs(Module module, @Nullable Architecture architecture) {
        if (architecture != null && architecture.givesEmbedding()) return EmbeddingWidth.of(module, architecture);
        Map<String, Tensor> all = module.parameters();
        int last = architecture == null ? 0 : rows(all, head(module, architecture));
        return last > 0 ? last : rows(all, all.keySet());
    }

    private static int rows(Map<String, Tensor> parameters, Collection<String> names) {
        int rows = 0;
        for (String name : names) {
            Tensor weight = parameters.get(name);
            if (weight != null && isClassifiers(weight)) rows = Math.toIntExact(weight.size(0));
        }
        return rows;
    }

    private static List<String> head(Module module, Architecture architecture) {
        List<List<String>> groups = architecture.layerGroups(module);
        return groups.get(groups.size() - 1);
    }

    /** Return whether a tensor may be a classifier's weight: a matrix, or a kernel of one position. */
    private static boolean isClassifiers(Tensor weight) {
        return weight.dim() == 2 || weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1;
    }
}
