package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.zoo.Architecture;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Freeze a network's layer groups, from the stem to the classifier. */
final class LayerGroups {
    private final Module network;
    private final List<List<String>> paths;

    LayerGroups(Module network, Architecture architecture) {
        this.network = network;
        paths = architecture.layerGroups(network);
    }

    /** Move a network to a device and group its layers, or close it and throw. */
    static LayerGroups on(Device device, Module network, Architecture architecture) {
        try {
            network.to(device);
            return new LayerGroups(network, architecture);
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    List<List<String>> paths() {
        return paths;
    }

    /** Return the paths of the classifier's parameters. */
    List<String> head() {
        return paths.get(paths.size() - 1);
    }

    /** Train the classifier alone; batch norms below it are frozen too. */
    void freezeBelowHead() {
        Set<String> trained = Set.copyOf(head());
        network.parameters().forEach((path, tensor) -> tensor.set_requires_grad(trained.contains(path)));
    }

    /** Train the given group and all later ones. Earlier groups train only their batch norms, as in fastai. */
    void freezeTo(int group) {
        int first = group < 0 ? paths.size() + group : group;
        if (first < 0 || first >= paths.size()) {
            throw new LimbeckException("there are " + paths.size() + " groups of layers; expected a group from -"
                    + paths.size() + " to " + (paths.size() - 1) + ", found " + group);
        }
        Set<String> trained = new HashSet<>();
        paths.subList(first, paths.size()).forEach(trained::addAll);
        Set<Tensor> norms = new HashSet<>();
        for (Module module : network.modules().values()) {
            if (module instanceof BatchNorm2d)
                norms.addAll(module.ownParameters().values());
        }
        network.parameters()
                .forEach((path, tensor) -> tensor.set_requires_grad(trained.contains(path) || norms.contains(tensor)));
    }
}
