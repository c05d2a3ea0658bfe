package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Leave out a model's classifier. */
public final class Backbone {
    private Backbone() {}

    /**
     * Return the backbone of a model, whose outputs are embeddings: a copy of the weights under the same names, without
     * the classifier. Close both.
     *
     * @throws LimbeckException if there is no classifier, or it cannot be left out
     */
    public static SavedModel of(SavedModel model) {
        Architecture whole = Zoo.byName(model.architecture());
        if (whole.givesEmbedding()) {
            throw new LimbeckException(model.file() + " has no classifier to leave out; it returns embeddings already");
        }
        Architecture bare = whole.withoutHead();
        Module network = bare.create(1);
        try (StateDict all = model.module().stateDict();
                StateDict kept = network.stateDict();
                Scope scope = Scope.open()) {
            for (String name : List.copyOf(kept.names())) {
                Tensor tensor = all.get(name);
                kept.put(name, Scope.retain(Tensors.copy(tensor)));
            }
            network.load(kept);
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
        network.eval();
        return new SavedModel(
                network,
                bare.name(),
                new Task.Embedding(),
                true,
                model.preprocessing(),
                network.sha256(),
                model.file(),
                model.weightsKey(),
                model.notes());
    }
}
